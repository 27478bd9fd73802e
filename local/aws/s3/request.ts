/** A request as S3 understands it: whose bucket and key, which parameters, and nothing that would be passed over. */
import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { decodeUri, pathOf, queryOf } from '../canonical-url.ts';
import { type VerifiedSignature, verifySignature } from '../sigv4.ts';

export interface S3Request {
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  /** Empty where there is none. */
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names; of a presigned request also the `x-amz-` parameters of its query. */
  readonly headers: ReadonlyMap<string, string>;
  readonly presigned: boolean;
  readonly signature: VerifiedSignature;
  /** The value of `x-amz-content-sha256`. */
  readonly payloadHash: string;
  readonly stream: IncomingMessage;
}

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** The `x-amz-` headers that mean something here; any other would be dropped in silence and is refused. */
const KNOWN_HEADERS = new Set(
  `acl bucket-object-lock-enabled bypass-governance-retention checksum-algorithm checksum-crc32 checksum-crc32c
   checksum-crc64nvme checksum-mode checksum-sha1 checksum-sha256 checksum-type content-sha256 copy-source date
   decoded-content-length expected-bucket-owner max-parts metadata-directive mp-object-size object-attributes
   object-lock-legal-hold object-lock-mode object-lock-retain-until-date part-number-marker sdk-checksum-algorithm
   security-token server-side-encryption server-side-encryption-aws-kms-key-id
   server-side-encryption-bucket-key-enabled storage-class tagging tagging-directive trailer user-agent`
    .split(/\s+/)
    .map((name) => `x-amz-${name}`),
);
const METADATA = 'x-amz-meta-';
const MAX_KEY_BYTES = 1024;

/**
 * Reads and proves a request.
 * @throws AwsError for whatever is wrong with path, signature or headers
 */
export function readRequest(
  stream: IncomingMessage,
  credentialsOf: (accessKeyId: string) => string | undefined,
  now: number,
): S3Request {
  const url = stream.url ?? '/';
  const method = stream.method ?? 'GET';
  const query = queryOf(url);
  const presigned = query.has('X-Amz-Signature');
  const payloadHash =
    stream.headers['x-amz-content-sha256'] ?? query.get('X-Amz-Content-Sha256') ?? UNSIGNED_PAYLOAD;
  if (typeof payloadHash !== 'string')
    throw new AwsError(400, 'InvalidArgument', 'x-amz-content-sha256 is given twice');
  if (
    !presigned &&
    stream.headers.authorization !== undefined &&
    stream.headers['x-amz-content-sha256'] === undefined
  ) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  const signature = verifySignature(
    { method, url, headers: stream.headers, payloadHash },
    credentialsOf,
    now,
  );
  if (signature.service !== 's3') {
    throw new AwsError(
      400,
      'AuthorizationHeaderMalformed',
      `The service "${signature.service}" is wrong; expecting "s3".`,
    );
  }
  const headers = readHeaders(stream, presigned ? query : new Map());
  return { method, ...readPath(url), query, headers, presigned, signature, payloadHash, stream };
}

/** A header or parameter that is a whole number. @throws AwsError `InvalidArgument` */
export function wholeNumber(
  name: string,
  text: string | undefined,
  bounds: { min: number; max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
    throw new AwsError(
      400,
      'InvalidArgument',
      `${name} must be a whole number from ${bounds.min} to ${bounds.max}`,
      {
        ArgumentName: name,
        ArgumentValue: text,
      },
    );
  }
  return value;
}

export const notImplemented = (what: string) =>
  new AwsError(501, 'NotImplemented', `${what} is not implemented by this endpoint.`);

function readPath(url: string): Pick<S3Request, 'target' | 'bucket' | 'key'> {
  const path = pathOf(url);
  if (!path.startsWith('/')) throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  const slash = path.indexOf('/', 1);
  const bucket = decodeUri(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decodeUri(path.slice(slash + 1));
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new AwsError(400, 'KeyTooLongError', 'Your key is too long', {
      MaxSizeAllowed: String(MAX_KEY_BYTES),
    });
  }
  if (key.includes('\0')) throw notImplemented('A key with a NUL character');
  return { target: bucket === '' ? 'service' : key === '' ? 'bucket' : 'object', bucket, key };
}

function readHeaders(
  stream: IncomingMessage,
  query: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(stream.headers)) {
    // The bytes of a header are UTF-8 to whoever sends other than ASCII.
    if (value !== undefined)
      headers.set(name, Buffer.from([value].flat().join(','), 'latin1').toString('utf8'));
  }
  for (const [name, value] of query) {
    // S3 lets a checksum in a presigned address pass unlooked at: it was made before there was a body.
    const hoisted =
      name.startsWith('x-amz-') &&
      !name.startsWith('x-amz-checksum-') &&
      name !== 'x-amz-sdk-checksum-algorithm';
    if (hoisted && !headers.has(name)) headers.set(name, value);
  }
  if (query.get('x-amz-checksum-mode') !== undefined) headers.set('x-amz-checksum-mode', 'ENABLED');
  for (const [name, value] of headers) {
    const foreign = name.startsWith('x-amz-') && !name.startsWith(METADATA) && !KNOWN_HEADERS.has(name);
    if (foreign || (name === 'x-amz-acl' && value !== 'private' && value !== 'bucket-owner-full-control')) {
      throw notImplemented(`The header ${name}: ${value}`);
    }
  }
  return headers;
}
