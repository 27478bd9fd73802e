import { createHash } from 'node:crypto';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { WrittenObject } from '../core/ports.ts';
import type { Part } from '../engine/part.ts';
import { SafeBaseError } from '../errors.ts';
import { knownBodyHash } from './s3-body-hash.ts';
import { type Bucket, s3Failure } from './s3-errors.ts';
import { findStored } from './s3-stored.ts';
import { abortUpload } from './s3-unfinished.ts';

/** One multipart upload from its begin to its completion or end; every part carries our SHA-256 for S3 to check. */
export class MultipartUpload {
  readonly #bucket: Bucket;
  readonly #target: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  readonly #sent: CompletedPart[] = [];
  readonly #cut = new AbortController();
  readonly #end: AbortSignal;
  #announced = 0;

  private constructor(bucket: Bucket, key: string, uploadId: string, signal: AbortSignal) {
    this.#bucket = bucket;
    this.#end = AbortSignal.any([signal, this.#cut.signal]);
    this.#target = { Bucket: bucket.name, Key: key, UploadId: uploadId };
  }

  /** @param signal ends whatever is under way, but for the removal of the parts @throws `upload_failed` */
  static async begin(bucket: Bucket, key: string, signal: AbortSignal): Promise<MultipartUpload> {
    const { UploadId } = await bucket.s3
      .send(
        new CreateMultipartUploadCommand({
          Bucket: bucket.name,
          Key: key,
          ContentType: 'application/zstd',
          ChecksumAlgorithm: 'SHA256',
          ChecksumType: 'COMPOSITE',
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        throw s3Failure('upload_failed', `begin the upload of ${key}`, error);
      });
    if (UploadId === undefined) throw new SafeBaseError('upload_failed', `S3 gave no upload id for ${key}`);
    return new MultipartUpload(bucket, key, UploadId, signal);
  }

  /** Sends the next part; several may be under way. @throws `upload_failed` */
  async send(part: Part): Promise<void> {
    this.#announced += 1;
    if (part.number !== this.#announced) {
      throw new SafeBaseError('upload_failed', `part ${this.#announced} of ${this.#target.Key} is missing`);
    }
    const checksum = Buffer.from(part.sha256, 'hex').toString('base64');
    const command = new UploadPartCommand({
      ...this.#target,
      PartNumber: part.number,
      Body: part.body,
      ContentLength: part.body.length,
      ChecksumSHA256: checksum,
    });
    command.middlewareStack.add(knownBodyHash(part.sha256), { step: 'build' });
    const answer = await this.#bucket.s3.send(command, { abortSignal: this.#end }).catch((error: unknown) => {
      throw s3Failure('upload_failed', `send part ${part.number} of ${this.#target.Key}`, error);
    });
    this.#sent[part.number - 1] = {
      PartNumber: part.number,
      ETag: answer.ETag,
      ChecksumSHA256: checksum,
    };
  }

  /** Makes the object of all parts, if no other has its key. @throws `upload_failed` */
  async complete(): Promise<WrittenObject> {
    const { Key: key } = this.#target;
    const checksum = compositeChecksum(this.#sent);
    try {
      const answer = await this.#bucket.s3.send(
        new CompleteMultipartUploadCommand({
          ...this.#target,
          MultipartUpload: { Parts: this.#sent },
          IfNoneMatch: '*',
        }),
        { abortSignal: this.#end },
      );
      if (answer.ChecksumSHA256 === checksum && answer.VersionId !== undefined) {
        return { versionId: answer.VersionId };
      }
      throw new SafeBaseError('upload_failed', `S3 has other bytes or no version of ${key}`);
    } catch (error) {
      // After a lost answer the repetition finds no upload (404) or an object in its way (412): ours, or not?
      const stored = await findStored(this.#bucket, key, checksum, this.#end);
      if (stored !== undefined) return stored;
      throw s3Failure('upload_failed', `complete ${key}`, error);
    }
  }

  /** Ends the parts under way; the caller waits for them before it abandons the upload. */
  cut(): void {
    this.#cut.abort();
  }

  /** Removes the parts, as well as it can: what made the upload fail is the error to tell. */
  async abandon(): Promise<void> {
    const { Key: key, UploadId: uploadId } = this.#target;
    await abortUpload(this.#bucket, { key, uploadId }).catch(() => undefined);
  }
}

/** S3's checksum of a multipart object: SHA-256 over the SHA-256 of its parts. */
function compositeChecksum(parts: readonly CompletedPart[]): string {
  const whole = createHash('sha256');
  for (const { ChecksumSHA256 = '' } of parts) whole.update(Buffer.from(ChecksumSHA256, 'base64'));
  return `${whole.digest('base64')}-${parts.length}`;
}
