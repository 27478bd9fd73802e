/** What a request claims of its body, and whether it was true. */
import { AwsError } from '../aws-error.ts';
import { ALGORITHMS, type Algorithm, BYTES, headerOf, isAlgorithm } from './checksums.ts';
import { type S3Request, UNSIGNED_PAYLOAD, wholeNumber } from './request.ts';

/** What the headers claim of a body. */
export interface Claims {
  readonly size: number;
  readonly md5?: Buffer;
  /** The one checksum that the client sends, at once or after the body. */
  readonly algorithm?: Algorithm;
  readonly checksum?: string;
  readonly trailers: readonly string[];
  readonly coding: 'plain' | 'chunked' | 'signed-chunks';
  /** Hexadecimal. */
  readonly sha256?: string;
}

/** The largest single upload, and part, that S3 takes. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_BODY_BYTES = 5 * 1024 ** 3;

/** @throws AwsError where the claims contradict themselves or cannot be kept */
export function readClaims(request: S3Request): Claims {
  const { headers, payloadHash } = request;
  const chunked = payloadHash.startsWith('STREAMING-');
  const size = wholeNumber(
    chunked ? 'x-amz-decoded-content-length' : 'Content-Length',
    headers.get(chunked ? 'x-amz-decoded-content-length' : 'content-length'),
    { min: 0, max: Number.MAX_SAFE_INTEGER },
  );
  if (size === undefined)
    throw new AwsError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (size > MAX_BODY_BYTES) {
    throw new AwsError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      MaxSizeAllowed: String(MAX_BODY_BYTES),
    });
  }
  const trailers = (headers.get('x-amz-trailer') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
  return {
    size,
    trailers,
    ...readCoding(payloadHash, trailers),
    ...readMd5(headers),
    ...readChecksum(headers, trailers),
  };
}

/** @throws AwsError at the first claim that the received bytes contradict */
export function checkClaims(
  claims: Claims,
  digests: ReadonlyMap<Algorithm | 'MD5', Buffer>,
  trailers: ReadonlyMap<string, string>,
): void {
  const missing = claims.trailers.filter((name) => !trailers.has(name));
  if (missing.length > 0 || trailers.size !== claims.trailers.length) {
    throw new AwsError(
      400,
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    );
  }
  if (claims.sha256 !== undefined && digests.get('SHA256')?.toString('hex') !== claims.sha256) {
    throw new AwsError(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  if (claims.md5 !== undefined && digests.get('MD5')?.equals(claims.md5) !== true) {
    throw new AwsError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  if (claims.algorithm === undefined) return;
  const claimed = claims.checksum ?? trailers.get(headerOf(claims.algorithm));
  if (digests.get(claims.algorithm)?.toString('base64') !== claimed) {
    throw new AwsError(
      400,
      'BadDigest',
      `The ${claims.algorithm} you specified did not match the calculated checksum.`,
    );
  }
}

function readCoding(payloadHash: string, trailers: readonly string[]): Pick<Claims, 'coding' | 'sha256'> {
  if (payloadHash === UNSIGNED_PAYLOAD) return { coding: 'plain' };
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return { coding: 'plain', sha256: payloadHash };
  const trailing = payloadHash.endsWith('-TRAILER');
  if (trailing === trailers.length > 0) {
    if (payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { coding: 'chunked' };
    if (/^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(payloadHash))
      return { coding: 'signed-chunks' };
  }
  throw new AwsError(
    400,
    'InvalidArgument',
    `x-amz-content-sha256 must be a SHA-256, ${UNSIGNED_PAYLOAD} or a streaming coding that fits x-amz-trailer`,
  );
}

function readMd5(headers: ReadonlyMap<string, string>): Pick<Claims, 'md5'> {
  const text = headers.get('content-md5');
  if (text === undefined) return {};
  const md5 = Buffer.from(text, 'base64');
  if (md5.length !== 16)
    throw new AwsError(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
  return { md5 };
}

function readChecksum(
  headers: ReadonlyMap<string, string>,
  trailers: readonly string[],
): Pick<Claims, 'algorithm' | 'checksum'> {
  const sent = ALGORITHMS.filter((name) => headers.has(headerOf(name)) || trailers.includes(headerOf(name)));
  const [algorithm] = sent;
  if (sent.length > 1) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const announced = headers.get('x-amz-sdk-checksum-algorithm')?.toUpperCase();
  if (
    announced !== undefined &&
    (!isAlgorithm(announced) || (algorithm !== undefined && algorithm !== announced))
  ) {
    throw new AwsError(400, 'InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
  if (announced !== undefined && algorithm === undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (algorithm === undefined) return {};
  const checksum = headers.get(headerOf(algorithm));
  if (checksum === undefined) return { algorithm };
  if (Buffer.from(checksum, 'base64').length !== BYTES[algorithm]) {
    throw new AwsError(400, 'InvalidRequest', `Value for ${headerOf(algorithm)} header is invalid.`);
  }
  return { algorithm, checksum };
}
