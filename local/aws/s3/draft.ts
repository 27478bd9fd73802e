/** What an upload says about its object besides the bytes. */
import { AwsError } from '../aws-error.ts';
import { decodeUri } from '../canonical-url.ts';
import type { Bucket, Encryption } from './bucket-records.ts';
import { readLockHeaders } from './object-lock.ts';
import { notImplemented } from './request.ts';
import type { Draft, Tags, Version } from './version-records.ts';

type Headers = ReadonlyMap<string, string>;

/** The headers that are stored and given back as they are. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const STORAGE_CLASSES = ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'];
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const MAX_METADATA_BYTES = 2048;
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const MAX_TAGS = 10;

/** @throws AwsError where the headers ask for what is not possible in this bucket */
export function readDraft(headers: Headers, bucket: Bucket, nowMs: number): Draft {
  return {
    ...readDescription(headers),
    storageClass: readStorageClass(headers),
    encryption: readEncryption(headers, bucket),
    tags: readTagHeader(headers.get('x-amz-tagging')),
    lock: readLockHeaders(headers, bucket, nowMs),
  };
}

/** Content headers and metadata. */
export function readDescription(headers: Headers): Pick<Draft, 'headers' | 'metadata'> {
  const kept = KEPT.flatMap((name) => {
    const value = headers.get(name);
    return value === undefined
      ? []
      : [[name, name === 'content-encoding' ? withoutChunked(value) : value] as const];
  }).filter(([, value]) => value !== '');
  const metadata = [...headers]
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice('x-amz-meta-'.length), value] as const);
  if (
    metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0) > MAX_METADATA_BYTES
  ) {
    throw new AwsError(
      400,
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
      {
        MaxSizeAllowed: String(MAX_METADATA_BYTES),
      },
    );
  }
  return {
    headers: { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) },
    metadata: Object.fromEntries(metadata),
  };
}

function readStorageClass(headers: Headers): string {
  const storageClass = headers.get('x-amz-storage-class') ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass)) throw notImplemented(`The storage class ${storageClass}`);
  return storageClass;
}

function readEncryption(headers: Headers, bucket: Bucket): Encryption {
  const algorithm = headers.get('x-amz-server-side-encryption');
  const keyId = headers.get('x-amz-server-side-encryption-aws-kms-key-id');
  const bucketKey = headers.get('x-amz-server-side-encryption-bucket-key-enabled');
  if (algorithm === undefined) {
    if (keyId !== undefined)
      throw new AwsError(
        400,
        'InvalidArgument',
        'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      );
    return bucket.settings.encryption ?? { algorithm: 'AES256' };
  }
  if (algorithm === 'AES256') return { algorithm };
  if (algorithm !== 'aws:kms') throw notImplemented(`The encryption ${algorithm}`);
  const byDefault = bucket.settings.encryption?.bucketKey;
  const useBucketKey = bucketKey === undefined ? byDefault : bucketKey === 'true';
  return {
    algorithm,
    ...(keyId === undefined ? {} : { keyId }),
    ...(useBucketKey === undefined ? {} : { bucketKey: useBucketKey }),
  };
}

/** Tags as they stand in a header: the form of a query. */
export function readTagHeader(text: string | undefined): Tags {
  const pairs = (text ?? '')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key = '', ...rest] = pair.split('=');
      return [decodeUri(key.replaceAll('+', ' ')), decodeUri(rest.join('=').replaceAll('+', ' '))] as const;
    });
  return checkTags(pairs);
}

/** @throws AwsError `InvalidTag`, `BadRequest` */
export function checkTags(tags: Tags): Tags {
  if (tags.length > MAX_TAGS) throw new AwsError(400, 'BadRequest', 'Object tags cannot be greater than 10');
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw new AwsError(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  for (const [key, value] of tags) {
    if (key === '' || key.length > 128)
      throw new AwsError(400, 'InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > 256)
      throw new AwsError(400, 'InvalidTag', 'The TagValue you have provided is invalid');
  }
  return tags;
}

/** The headers in which S3 tells the encryption. @param keyArn gives the ARN of a key's id or alias */
export function encryptionHeaders(
  { algorithm, keyId, bucketKey }: Encryption,
  keyArn: (keyId: string | undefined) => string,
): Record<string, string | undefined> {
  return {
    'x-amz-server-side-encryption': algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': algorithm === 'aws:kms' ? keyArn(keyId) : undefined,
    'x-amz-server-side-encryption-bucket-key-enabled': bucketKey === true ? 'true' : undefined,
  };
}

/** What a read tells about a version besides its bytes. */
export function descriptionHeaders(version: Version): Record<string, string | undefined> {
  const { lock, tags } = version;
  return {
    ...version.headers,
    ...Object.fromEntries(
      Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ),
    'x-amz-storage-class': version.storageClass === 'STANDARD' ? undefined : version.storageClass,
    'x-amz-tagging-count': tags.length === 0 ? undefined : String(tags.length),
    'x-amz-object-lock-mode': lock.mode,
    'x-amz-object-lock-retain-until-date':
      lock.retainUntilMs === undefined ? undefined : new Date(lock.retainUntilMs).toISOString(),
    'x-amz-object-lock-legal-hold': lock.legalHold === undefined ? undefined : lock.legalHold ? 'ON' : 'OFF',
  };
}

/** `aws-chunked` is how the body travelled, not what it is. */
const withoutChunked = (value: string): string =>
  value
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked')
    .join(',');
