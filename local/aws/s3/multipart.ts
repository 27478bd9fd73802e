/** CreateMultipartUpload, UploadPart and AbortMultipartUpload. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { type Algorithm, defaultType, headerOf, isAlgorithm, isPossible } from './checksums.ts';
import { type Claims, readClaims } from './claims.ts';
import { encryptionHeaders, readDraft } from './draft.ts';
import { receiveFile } from './intake.ts';
import { wholeNumber } from './request.ts';
import {
  createUpload,
  deleteUpload,
  savePart,
  type Upload,
  uploadedParts,
  uploadNamed,
} from './upload-records.ts';
import { opaqueETag } from './write-object.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const PART_NUMBERS = { min: 1, max: 10_000 };

export function createMultipartUpload(call: BucketCall): Answer {
  const { request, bucket, store, nowMs } = call;
  const draft = readDraft(request.headers, bucket, nowMs);
  const keyArn = encryptionHeaders(draft.encryption, call.keyArn);
  const checksum = readDeclared(request.headers);
  const base = { bucket: bucket.name, key: request.key, initiatedMs: nowMs, draft };
  const upload = createUpload(store, checksum === undefined ? base : { ...base, checksum });
  return {
    headers: {
      ...keyArn,
      'x-amz-checksum-algorithm': checksum?.algorithm,
      'x-amz-checksum-type': checksum?.type,
    },
    xml: ['InitiateMultipartUploadResult', { Bucket: bucket.name, Key: request.key, UploadId: upload.id }],
  };
}

export async function uploadPart(call: BucketCall): Promise<Answer> {
  const { request, store } = call;
  const number = wholeNumber('partNumber', request.query.get('partNumber'), PART_NUMBERS) ?? 0;
  const upload = uploadOfCall(call);
  const claims = readClaims(request);
  checkPartChecksum(upload, claims);
  const algorithm = upload.checksum?.algorithm ?? 'CRC64NVME';
  const hashed = upload.draft.encryption.algorithm === 'AES256';
  const received = await receiveFile(
    request,
    claims,
    store.bodies,
    hashed ? [algorithm, 'MD5'] : [algorithm],
  );
  const checksum = received.digests.get(algorithm)?.toString('base64') ?? '';
  const etag = (hashed ? received.digests.get('MD5') : undefined)?.toString('hex') ?? opaqueETag();
  let replaced: string | undefined;
  try {
    replaced = store.transact(() => {
      // The upload may have ended while the part came in: then the part must not stay behind.
      const { body, size } = received;
      return savePart(store, uploadOfCall(call), {
        number,
        body,
        size,
        etag,
        checksum,
        modifiedMs: call.nowMs,
      });
    });
  } catch (error) {
    await store.bodies.remove([received.body]);
    throw error;
  }
  if (replaced !== undefined) await store.bodies.remove([replaced]);
  return {
    headers: {
      ETag: `"${etag}"`,
      ...encryptionHeaders(upload.draft.encryption, call.keyArn),
      ...(upload.checksum === undefined ? {} : { [headerOf(algorithm)]: checksum }),
    },
  };
}

export async function abortMultipartUpload(call: BucketCall): Promise<Answer> {
  const { store } = call;
  const bodies = store.transact(() => {
    const upload = uploadOfCall(call);
    const parts = uploadedParts(store, upload);
    deleteUpload(store, upload);
    return parts.map((part) => part.body);
  });
  await store.bodies.remove(bodies);
  return { status: 204 };
}

export const uploadOfCall = ({ store, bucket, request }: BucketCall): Upload =>
  uploadNamed(store, bucket.name, request.key, request.query.get('uploadId') ?? '');

function readDeclared(headers: ReadonlyMap<string, string>): Upload['checksum'] {
  const algorithm = headers.get('x-amz-checksum-algorithm')?.toUpperCase();
  const asked = headers.get('x-amz-checksum-type')?.toUpperCase();
  if (algorithm === undefined) {
    if (asked === undefined) return undefined;
    throw new AwsError(
      400,
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  if (!isAlgorithm(algorithm)) {
    throw new AwsError(400, 'InvalidRequest', 'Checksum algorithm provided is unsupported.');
  }
  const type = asked ?? defaultType(algorithm);
  if ((type !== 'COMPOSITE' && type !== 'FULL_OBJECT') || !isPossible(algorithm, type)) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type };
}

/** A part must come with the checksum that was declared; undeclared ones are checked and then forgotten, as on AWS. */
function checkPartChecksum({ checksum }: Upload, claims: Claims): void {
  if (checksum === undefined || claims.algorithm === checksum.algorithm) return;
  if (claims.algorithm === undefined && checksum.type === 'FULL_OBJECT') return;
  const lower = (algorithm: Algorithm | undefined) => algorithm?.toLowerCase() ?? 'null';
  throw new AwsError(
    400,
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${lower(checksum.algorithm)}, actual checksum Type: ${lower(claims.algorithm)}`,
  );
}
