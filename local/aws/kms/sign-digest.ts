/** ECDSA over P-256 of a digest that is given: Node's own signs only what it hashes itself. */
import { createECDH, createPrivateKey, randomBytes } from 'node:crypto';

/** The order of the group of P-256. @see https://doi.org/10.6028/NIST.SP.800-186 3.2.1.3 */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const BYTES = 32;

/**
 * @param pkcs8 the private key, as DER
 * @param digest SHA-256
 * @returns the signature as DER
 * @see https://doi.org/10.6028/NIST.FIPS.186-5 6.4.1
 */
export function signDigest(pkcs8: Buffer, digest: Buffer): Buffer {
  const { d = '' } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  const secret = toNumber(Buffer.from(d, 'base64url'));
  for (;;) {
    // 64 bits more than the order has: the remainder is as good as even.
    const k = toNumber(randomBytes(BYTES + 8)) % ORDER;
    if (k === 0n) continue;
    const point = createECDH('prime256v1');
    point.setPrivateKey(toBytes(k));
    const r = toNumber(point.getPublicKey().subarray(1, 1 + BYTES)) % ORDER;
    const s = (inverse(k) * (toNumber(digest) + r * secret)) % ORDER;
    if (r !== 0n && s !== 0n) return sequence(r, s);
  }
}

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const toBytes = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(2 * BYTES, '0'), 'hex');

/** By Fermat: the order is a prime. */
function inverse(number: bigint): bigint {
  let result = 1n;
  for (let base = number, power = ORDER - 2n; power > 0n; power >>= 1n, base = (base * base) % ORDER) {
    if (power & 1n) result = (result * base) % ORDER;
  }
  return result;
}

/** Two INTEGERs in a SEQUENCE: the shortest form, with a zero before a first bit that would be a sign. */
function sequence(...numbers: readonly bigint[]): Buffer {
  const integers = numbers.map((number) => {
    const hex = number.toString(16);
    const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    const body = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(0x02, body.length), body]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}
