/** ListParts and ListMultipartUploads. */
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { elementOf } from './checksums.ts';
import { successor } from './key-order.ts';
import { encodeKey, pageSize } from './listing.ts';
import { uploadOfCall } from './multipart.ts';
import { wholeNumber } from './request.ts';
import { uploadedParts, uploadOf } from './upload-records.ts';

export function listParts(call: BucketCall): Answer {
  const { request, store, bucket } = call;
  const upload = uploadOfCall(call);
  const max = pageSize(request.query.get('max-parts'), 'max-parts');
  const after =
    wholeNumber('part-number-marker', request.query.get('part-number-marker'), { min: 0, max: 10_000 }) ?? 0;
  const found = uploadedParts(store, upload, after, max + 1);
  const page = found.slice(0, max);
  const { checksum } = upload;
  const content = {
    Bucket: bucket.name,
    Key: request.key,
    UploadId: upload.id,
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: max,
    IsTruncated: found.length > max,
    StorageClass: upload.draft.storageClass,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.modifiedMs).toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(checksum === undefined ? {} : { [elementOf(checksum.algorithm)]: part.checksum }),
    })),
  };
  return { xml: ['ListPartsResult', content] };
}

export function listMultipartUploads(call: BucketCall): Answer {
  const { request, store, bucket } = call;
  const { query } = request;
  const max = pageSize(query.get('max-uploads'), 'max-uploads');
  const prefix = query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const encode = encodeKey(query.get('encoding-type'));
  const found = store
    .all(
      `SELECT * FROM uploads WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
       AND (key > ?4 OR (key = ?4 AND ?5 <> '' AND id > ?5)) ORDER BY key, id LIMIT ?6`,
      ...[bucket.name, prefix, successor(prefix) ?? null, keyMarker, idMarker, max + 1],
    )
    .map(uploadOf);
  const page = found.slice(0, max);
  const last = page.at(-1);
  const content = {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: found.length > max && last !== undefined ? encode(last.key) : undefined,
    NextUploadIdMarker: found.length > max ? last?.id : undefined,
    Prefix: encode(prefix),
    EncodingType: query.get('encoding-type'),
    MaxUploads: max,
    IsTruncated: found.length > max,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      StorageClass: upload.draft.storageClass,
      Initiated: new Date(upload.initiatedMs).toISOString(),
      ChecksumAlgorithm: upload.checksum?.algorithm,
      ChecksumType: upload.checksum?.type,
    })),
  };
  return { xml: ['ListMultipartUploadsResult', content] };
}
