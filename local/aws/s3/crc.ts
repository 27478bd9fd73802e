/**
 * The cyclic redundancy checks that zlib does not have, eight bytes a step ("slicing by 8"), and the arithmetic that
 * joins the checks of parts into the check of the whole.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */

/** The reflected polynomials. */
export const CRC32 = { width: 32, polynomial: 0xedb88320n } as const;
export const CRC32C = { width: 32, polynomial: 0x82f63b78n } as const;
export const CRC64NVME = { width: 64, polynomial: 0x9a6c9329ac4bc9b5n } as const;

interface Crc {
  readonly width: 32 | 64;
  readonly polynomial: bigint;
}

/** A running check of 32 or 64 bits. */
export interface RunningCrc {
  update(chunk: Buffer): void;
  /** The check of all bytes so far. */
  value(): bigint;
}

const SLICES = 8;

/** Low and high halves of tables[slice * 256 + byte]. */
interface Tables {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}
const built = new Map<bigint, Tables>();

function tablesOf(crc: Crc): Tables {
  const known = built.get(crc.polynomial);
  if (known !== undefined) return known;
  const rows: bigint[] = [];
  for (let byte = 0n; byte < 256n; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ crc.polynomial : value >> 1n;
    rows.push(value);
  }
  for (let index = 256; index < SLICES * 256; index++) {
    const before = rows[index - 256] ?? 0n;
    rows.push((before >> 8n) ^ (rows[Number(before & 0xffn)] ?? 0n));
  }
  const tables = {
    low: Uint32Array.from(rows, (value) => Number(value & 0xffffffffn)),
    high: Uint32Array.from(rows, (value) => Number(value >> 32n)),
  };
  built.set(crc.polynomial, tables);
  return tables;
}

/** Starts a CRC32C. */
export function startCrc32c(): RunningCrc {
  const { low: table } = tablesOf(CRC32C);
  const at = (index: number): number => table[index] ?? 0;
  let crc = 0xffffffff;
  return {
    update(chunk) {
      const end = chunk.length - (chunk.length % SLICES);
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      let state = crc;
      let offset = 0;
      for (; offset < end; offset += SLICES) {
        const near = view.getUint32(offset, true) ^ state;
        const far = view.getUint32(offset + 4, true);
        state =
          at(1792 + (near & 0xff)) ^
          at(1536 + ((near >>> 8) & 0xff)) ^
          at(1280 + ((near >>> 16) & 0xff)) ^
          at(1024 + (near >>> 24)) ^
          at(768 + (far & 0xff)) ^
          at(512 + ((far >>> 8) & 0xff)) ^
          at(256 + ((far >>> 16) & 0xff)) ^
          at(far >>> 24);
      }
      for (; offset < chunk.length; offset++)
        state = at((state ^ view.getUint8(offset)) & 0xff) ^ (state >>> 8);
      crc = state;
    },
    value: () => BigInt((crc ^ 0xffffffff) >>> 0),
  };
}

/** Starts a CRC64NVME; its two halves are kept apart, because JavaScript's fast integers have 32 bits. */
export function startCrc64Nvme(): RunningCrc {
  const { low, high } = tablesOf(CRC64NVME);
  let crcLow = 0xffffffff;
  let crcHigh = 0xffffffff;
  return {
    update(chunk) {
      const end = chunk.length - (chunk.length % SLICES);
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      const lowAt = (index: number): number => low[index] ?? 0;
      const highAt = (index: number): number => high[index] ?? 0;
      let [stateLow, stateHigh, offset] = [crcLow, crcHigh, 0];
      for (; offset < end; offset += SLICES) {
        const near = view.getUint32(offset, true) ^ stateLow;
        const far = view.getUint32(offset + 4, true) ^ stateHigh;
        const i7 = 1792 + (near & 0xff);
        const i6 = 1536 + ((near >>> 8) & 0xff);
        const i5 = 1280 + ((near >>> 16) & 0xff);
        const i4 = 1024 + (near >>> 24);
        const i3 = 768 + (far & 0xff);
        const i2 = 512 + ((far >>> 8) & 0xff);
        const i1 = 256 + ((far >>> 16) & 0xff);
        const i0 = far >>> 24;
        stateLow =
          lowAt(i7) ^ lowAt(i6) ^ lowAt(i5) ^ lowAt(i4) ^ lowAt(i3) ^ lowAt(i2) ^ lowAt(i1) ^ lowAt(i0);
        stateHigh =
          highAt(i7) ^
          highAt(i6) ^
          highAt(i5) ^
          highAt(i4) ^
          highAt(i3) ^
          highAt(i2) ^
          highAt(i1) ^
          highAt(i0);
      }
      for (; offset < chunk.length; offset++) {
        const index = (stateLow ^ view.getUint8(offset)) & 0xff;
        stateLow = ((stateLow >>> 8) | (stateHigh << 24)) ^ lowAt(index);
        stateHigh = (stateHigh >>> 8) ^ highAt(index);
      }
      [crcLow, crcHigh] = [stateLow, stateHigh];
    },
    value: () => (BigInt(~crcHigh >>> 0) << 32n) | BigInt(~crcLow >>> 0),
  };
}

/**
 * Joins the checks of consecutive byte strings into the check of the whole: appending bytes multiplies what stands
 * before them by a power of x, modulo the polynomial. Parts of one size share the power.
 */
export function joinCrcs(
  crc: Crc,
  parts: readonly { readonly check: bigint; readonly bytes: number }[],
): bigint {
  const powers = new Map<number, bigint>();
  let whole = 0n;
  for (const { check, bytes } of parts) {
    const power = powers.get(bytes) ?? powerOfX(crc, bytes * 8);
    powers.set(bytes, power);
    whole = multiply(crc, whole, power) ^ check;
  }
  return whole;
}

/** x to the power of `exponent`, by repeated squaring. */
function powerOfX(crc: Crc, exponent: number): bigint {
  let square = 1n << BigInt(crc.width - 2); // x itself: in a reflected polynomial the highest bit stands for 1.
  let result = 1n << BigInt(crc.width - 1);
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiply(crc, result, square);
    square = multiply(crc, square, square);
  }
  return result;
}

/** Multiplication of reflected polynomials modulo the check's own. */
function multiply(crc: Crc, left: bigint, right: bigint): bigint {
  let product = 0n;
  let shifted = right;
  for (let bit = BigInt(crc.width - 1); bit >= 0n; bit--) {
    if ((left >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ crc.polynomial : shifted >> 1n;
  }
  return product;
}
