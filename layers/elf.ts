/**
 * Reads what a Linux program or library needs to be started.
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html the dynamic section
 */

export interface Elf {
  readonly architecture: 'x86_64' | 'arm64';
  /** Names of the libraries that the loader must find, such as `libssl.so.3`. */
  readonly needed: readonly string[];
}

const MACHINES: Record<number, Elf['architecture'] | undefined> = { 62: 'x86_64', 183: 'arm64' };
const SEGMENT = { load: 1, dynamic: 2 };
const DYNAMIC = { end: 0n, needed: 1n, strings: 5n };
const DYNAMIC_ENTRY_BYTES = 16;

/** Parses a file; undefined where it is not a 64-bit little-endian ELF file for x86_64 or arm64. */
export function readElf(file: Buffer): Elf | undefined {
  const isElf64 = file.length > 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  const architecture = isElf64 ? MACHINES[file.readUInt16LE(18)] : undefined;
  return architecture === undefined ? undefined : { architecture, needed: neededBy(file) };
}

function neededBy(file: Buffer): string[] {
  const segments = readSegments(file);
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  // The loader itself and static programs have no dynamic section or need nothing.
  if (dynamic === undefined) return [];
  const entries = readDynamic(file.subarray(dynamic.offset, dynamic.offset + dynamic.size));
  const address = entries.find(({ tag }) => tag === DYNAMIC.strings)?.value;
  if (address === undefined) return [];
  const loaded = segments.find(
    ({ type, address: start, size }) => type === SEGMENT.load && start <= address && address < start + size,
  );
  if (loaded === undefined) throw new Error('the string table of an ELF file lies outside its segments');
  const strings = loaded.offset + (address - loaded.address);
  return entries
    .filter(({ tag }) => tag === DYNAMIC.needed)
    .map(({ value }) => textAt(file, strings + value));
}

function readSegments(file: Buffer) {
  const start = Number(file.readBigUInt64LE(32));
  const bytes = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * bytes;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function readDynamic(section: Buffer): { tag: bigint; value: number }[] {
  const entries = [];
  for (let at = 0; at + DYNAMIC_ENTRY_BYTES <= section.length; at += DYNAMIC_ENTRY_BYTES) {
    const tag = section.readBigInt64LE(at);
    if (tag === DYNAMIC.end) break;
    entries.push({ tag, value: Number(section.readBigUInt64LE(at + 8)) });
  }
  return entries;
}

const textAt = (file: Buffer, at: number): string => file.toString('latin1', at, file.indexOf(0, at));
