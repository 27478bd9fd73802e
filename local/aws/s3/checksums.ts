/**
 * The checksums that S3 knows: how each is computed, what a part's becomes in the whole, and how they are named.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { CRC32, CRC32C, CRC64NVME, joinCrcs, startCrc32c, startCrc64Nvme } from './crc.ts';

/** The order is that of AWS's documentation. */
export const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface Checksum {
  readonly algorithm: Algorithm;
  readonly type: ChecksumType;
  /** Base64; a composite one ends with `-` and the number of parts. */
  readonly value: string;
}

/** Computes while the bytes pass. */
export interface Digest {
  update(chunk: Buffer): void;
  value(): Buffer;
}

export const headerOf = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
/** The name as an element of an XML answer. */
export const elementOf = (algorithm: Algorithm): string => `Checksum${algorithm}`;
export const isAlgorithm = (name: string): name is Algorithm => ALGORITHMS.some((known) => known === name);

/** Bytes of a value: what a claimed checksum must have to be one at all. */
export const BYTES: Readonly<Record<Algorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

const CRCS = { CRC32, CRC32C, CRC64NVME };

export function startDigest(algorithm: Algorithm | 'MD5'): Digest {
  if (algorithm === 'CRC32') return zlibCrc32();
  if (algorithm === 'CRC32C' || algorithm === 'CRC64NVME') {
    const running = algorithm === 'CRC32C' ? startCrc32c() : startCrc64Nvme();
    return {
      update: (chunk) => running.update(chunk),
      value: () => bigEndian(running.value(), BYTES[algorithm]),
    };
  }
  const hash = createHash(algorithm.toLowerCase());
  return { update: (chunk) => hash.update(chunk), value: () => hash.digest() };
}

/** What an upload gets whose creator named an algorithm but no type. */
export const defaultType = (algorithm: Algorithm): ChecksumType =>
  algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';

/** SHA checksums of parts cannot be joined, and AWS has no composite CRC64NVME. */
export const isPossible = (algorithm: Algorithm, type: ChecksumType): boolean =>
  type === 'COMPOSITE' ? algorithm !== 'CRC64NVME' : algorithm in CRCS;

/** The checksum of a multipart object from those of its parts, in order. */
export function joinChecksums(
  algorithm: Algorithm,
  type: ChecksumType,
  parts: readonly { readonly checksum: Buffer; readonly size: number }[],
): Checksum {
  if (type === 'COMPOSITE') {
    const digest = startDigest(algorithm);
    for (const part of parts) digest.update(part.checksum);
    return { algorithm, type, value: `${digest.value().toString('base64')}-${parts.length}` };
  }
  if (algorithm === 'SHA1' || algorithm === 'SHA256')
    throw new Error(`${algorithm} cannot be of the full object`);
  const whole = joinCrcs(
    CRCS[algorithm],
    parts.map(({ checksum, size }) => ({ check: BigInt(`0x${checksum.toString('hex')}`), bytes: size })),
  );
  return { algorithm, type, value: bigEndian(whole, BYTES[algorithm]).toString('base64') };
}

function zlibCrc32(): Digest {
  let sum = 0;
  return {
    update(chunk) {
      sum = crc32(chunk, sum);
    },
    value: () => bigEndian(BigInt(sum), 4),
  };
}

const bigEndian = (value: bigint, bytes: number): Buffer =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
