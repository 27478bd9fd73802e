/** A part on its way to storage. Its buffer belongs to the receiver until that gives it back. */
export interface Part {
  /** Counted from 1, without gaps. */
  readonly number: number;
  readonly body: Buffer;
  /** Hex. */
  readonly sha256: string;
  /** Gives the buffer back, for another part: new memory for each would keep the garbage collector busy. */
  readonly release?: () => void;
}

/** A part as the manifest records it. */
export interface PartRecord {
  readonly number: number;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

const MIN_PART_BYTES = 8 * 1024 * 1024;
const MAX_PART_BYTES = 256 * 1024 * 1024;

/**
 * The part size for an object of about this many bytes: S3 allows 10,000 parts, we plan for 8,000.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export const partBytesFor = (estimatedBytes: number): number =>
  Math.min(MAX_PART_BYTES, Math.max(MIN_PART_BYTES, Math.ceil(estimatedBytes / 8_000)));
