/** PutObject. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { readClaims } from './claims.ts';
import { encryptionHeaders, readDraft } from './draft.ts';
import { receiveFile } from './intake.ts';
import { checksumHeaders, opaqueETag, versionHeader, writeObject } from './write-object.ts';

export async function putObject(call: BucketCall): Promise<Answer> {
  const { request, bucket, store, nowMs } = call;
  const draft = readDraft(request.headers, bucket, nowMs);
  const claims = readClaims(request);
  if (draft.lock.mode !== undefined && claims.algorithm === undefined && claims.md5 === undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  call.keyArn(draft.encryption.keyId);
  const algorithm = claims.algorithm ?? 'CRC64NVME';
  const hashed = draft.encryption.algorithm === 'AES256';
  const version = await writeObject(call, {
    receive: () => receiveFile(request, claims, store.bodies, hashed ? [algorithm, 'MD5'] : [algorithm]),
    make: ({ size, body, digests }) => ({
      key: request.key,
      size,
      // With KMS an ETag is no MD5, only different for each upload; that spares hashing everything once more.
      etag: (hashed ? digests.get('MD5') : undefined)?.toString('hex') ?? opaqueETag(),
      modifiedMs: call.nowMs,
      checksum: {
        algorithm,
        type: 'FULL_OBJECT',
        value: digests.get(algorithm)?.toString('base64') ?? '',
      },
      multipart: false,
      draft,
      parts: [{ number: 1, body, size }],
    }),
    discard: ({ body }) => store.bodies.remove([body]),
  });
  return {
    headers: {
      ETag: `"${version.etag}"`,
      'x-amz-version-id': versionHeader(call, version),
      ...encryptionHeaders(version.encryption, call.keyArn),
      ...checksumHeaders(version.checksum),
    },
  };
}
