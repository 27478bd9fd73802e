/** Multipart uploads that have not ended, and their parts, as they are stored. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Algorithm, ChecksumType } from './checksums.ts';
import type { Row, Store } from './store.ts';
import type { Draft } from './version-records.ts';

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly draft: Draft;
  /** What the creator declared; without it S3 computes its own. */
  readonly checksum?: { readonly algorithm: Algorithm; readonly type: ChecksumType };
}

export interface UploadedPart {
  readonly number: number;
  readonly body: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Base64, of the upload's algorithm, or of CRC64NVME where it has none. */
  readonly checksum: string;
  readonly modifiedMs: number;
}

/** The id begins with the time, so that uploads of one key list in the order of their begin. */
export function createUpload(store: Store, upload: Omit<Upload, 'id'>): Upload {
  const id = `${upload.initiatedMs.toString(16).padStart(12, '0')}${randomBytes(24).toString('base64url')}`;
  const { draft, checksum } = upload;
  store.run(
    'INSERT INTO uploads VALUES (?, ?, ?, ?, ?)',
    ...[id, upload.bucket, upload.key, upload.initiatedMs, JSON.stringify({ draft, checksum })],
  );
  return { ...upload, id };
}

/** @throws AwsError `NoSuchUpload` */
export function uploadNamed(store: Store, bucket: string, key: string, id: string): Upload {
  const row = store.first('SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?', id, bucket, key);
  if (row !== undefined) return uploadOf(row);
  throw new AwsError(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: id },
  );
}

/** @returns the body that this one replaces, if the part was sent before */
export function savePart(store: Store, upload: Upload, part: UploadedPart): string | undefined {
  const before = store.first(
    'SELECT body FROM upload_parts WHERE upload = ? AND number = ?',
    upload.id,
    part.number,
  );
  store.run(
    'INSERT OR REPLACE INTO upload_parts VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[upload.id, part.number, part.body, part.size, part.etag, part.checksum, part.modifiedMs],
  );
  return before === undefined ? undefined : String(before.body);
}

/** In the order of their numbers. @param after only parts with higher numbers */
export const uploadedParts = (
  store: Store,
  upload: Upload,
  after = 0,
  limit = 10_000,
): readonly UploadedPart[] =>
  store
    .all(
      'SELECT * FROM upload_parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?',
      upload.id,
      after,
      limit,
    )
    .map((row) => ({
      number: Number(row.number),
      body: String(row.body),
      size: Number(row.size),
      etag: String(row.etag),
      checksum: String(row.checksum),
      modifiedMs: Number(row.modified_ms),
    }));

/** Forgets an upload and its parts; whose bodies are to be removed is for the caller to know. */
export function deleteUpload(store: Store, upload: Upload): void {
  store.run('DELETE FROM upload_parts WHERE upload = ?', upload.id);
  store.run('DELETE FROM uploads WHERE id = ?', upload.id);
}

// The column was written by createUpload alone.
export const uploadOf = (row: Row): Upload => ({
  ...(JSON.parse(String(row.draft)) as Pick<Upload, 'draft' | 'checksum'>),
  id: String(row.id),
  bucket: String(row.bucket),
  key: String(row.key),
  initiatedMs: Number(row.initiated_ms),
});
