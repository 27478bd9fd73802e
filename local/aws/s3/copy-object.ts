/** CopyObject: within this endpoint, up to what a single upload may hold. */
import { AwsError } from '../aws-error.ts';
import { decodeUri } from '../canonical-url.ts';
import { bucketArn, checkAccess, objectArn } from './access.ts';
import type { Answer } from './answer.ts';
import { bucketNamed } from './bucket-records.ts';
import type { BucketCall } from './call.ts';
import { type Algorithm, elementOf, isAlgorithm, startDigest } from './checksums.ts';
import { isConditional } from './conditions.ts';
import { encryptionHeaders, readDescription, readDraft, readTagHeader } from './draft.ts';
import { readableVersion } from './read-object.ts';
import { notImplemented } from './request.ts';
import { type Draft, type NewVersion, partsOf, type Version } from './version-records.ts';
import { opaqueETag, versionHeader, writeObject } from './write-object.ts';

const MAX_COPY_BYTES = 5 * 1024 ** 3;

export async function copyObject(call: BucketCall): Promise<Answer> {
  // So does AWS. See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
  if (isConditional(call.request.headers)) throw notImplemented('A condition on CopyObject');
  const source = await findSource(call);
  if (source.size > MAX_COPY_BYTES) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
    );
  }
  const draft = draftOfCopy(call, source);
  call.keyArn(draft.encryption.keyId);
  const version = await writeObject(call, {
    receive: () => copyBody(call, source, draft),
    make: (made) => made,
    discard: (made) => call.store.bodies.remove(made.parts.map((part) => part.body)),
  });
  const { checksum } = version;
  return {
    headers: {
      ...encryptionHeaders(version.encryption, call.keyArn),
      'x-amz-version-id': versionHeader(call, version),
      'x-amz-copy-source-version-id': source.versionId === 'null' ? undefined : source.versionId,
    },
    xml: [
      'CopyObjectResult',
      {
        LastModified: new Date(version.modifiedMs).toISOString(),
        ETag: `"${version.etag}"`,
        ...(checksum === undefined
          ? {}
          : { [elementOf(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
      },
    ],
  };
}

async function findSource(call: BucketCall): Promise<Version> {
  const header = call.request.headers.get('x-amz-copy-source') ?? '';
  const [path = '', query] = header.replace(/^\//, '').split('?');
  const decoded = decodeUri(path);
  const slash = decoded.indexOf('/');
  if (slash < 1) {
    throw new AwsError(
      400,
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  const [name, key] = [decoded.slice(0, slash), decoded.slice(slash + 1)];
  const versionId = query === undefined ? undefined : new URLSearchParams(query).get('versionId');
  const bucket = bucketNamed(call.store, name);
  const action = versionId ? 's3:GetObjectVersion' : 's3:GetObject';
  await checkAccess(call.gate, call.request, bucket, { action, resource: objectArn(name, key) });
  const asked = versionId ? new Map([['versionId', versionId]]) : new Map<string, string>();
  return readableVersion({ ...call, bucket, request: { ...call.request, key, query: asked } });
}

function draftOfCopy(call: BucketCall, source: Version): Draft {
  const { headers } = call.request;
  const replaces = isReplace(headers, 'x-amz-metadata-directive');
  const own = readDraft(headers, call.bucket, call.nowMs);
  const itself = source.bucket === call.bucket.name && source.key === call.request.key && source.latest;
  const changed =
    replaces || headers.has('x-amz-storage-class') || headers.has('x-amz-server-side-encryption');
  if (itself && !changed && !headers.get('x-amz-copy-source')?.includes('versionId=')) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `This copy request is illegal because it is trying to copy an object to itself in ${bucketArn(source.bucket)} without changing the object's metadata, storage class, website redirect location or encryption attributes.`,
    );
  }
  const description = replaces
    ? readDescription(headers)
    : { headers: source.headers, metadata: source.metadata };
  const tags = isReplace(headers, 'x-amz-tagging-directive')
    ? readTagHeader(headers.get('x-amz-tagging'))
    : source.tags;
  return { ...own, ...description, tags };
}

function isReplace(headers: ReadonlyMap<string, string>, name: string): boolean {
  const directive = headers.get(name) ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw new AwsError(400, 'InvalidArgument', `Unknown ${name}`);
  return directive === 'REPLACE';
}

/** The copy is one file, whatever the source was made of, and is hashed anew as such. */
async function copyBody(call: BucketCall, source: Version, draft: Draft): Promise<NewVersion> {
  const { bodies } = call.store;
  const asked = call.request.headers.get('x-amz-checksum-algorithm')?.toUpperCase();
  if (asked !== undefined && !isAlgorithm(asked)) {
    throw new AwsError(400, 'InvalidRequest', 'Checksum algorithm provided is unsupported.');
  }
  const algorithm: Algorithm = asked ?? source.checksum?.algorithm ?? 'CRC64NVME';
  const [checksum, md5] = [startDigest(algorithm), startDigest('MD5')];
  const parts = partsOf(call.store, source.seq);
  // The source may have gone while IAM was asked.
  if (parts.reduce((sum, { size }) => sum + size, 0) !== source.size) {
    throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: source.key });
  }
  const reader = bodies.read(parts.map(({ body, size }) => ({ body, offset: 0, bytes: size })));
  try {
    const copy = await bodies.create();
    try {
      for await (const chunk of reader.chunks) {
        checksum.update(chunk);
        md5.update(chunk);
        await copy.write(chunk);
      }
      await copy.finish();
    } catch (error) {
      await copy.discard();
      throw error;
    }
    return {
      key: call.request.key,
      size: source.size,
      etag: draft.encryption.algorithm === 'AES256' ? md5.value().toString('hex') : opaqueETag(),
      modifiedMs: call.nowMs,
      checksum: { algorithm, type: 'FULL_OBJECT', value: checksum.value().toString('base64') },
      multipart: false,
      draft,
      parts: [{ number: 1, body: copy.id, size: source.size }],
    };
  } finally {
    await reader.release();
  }
}
