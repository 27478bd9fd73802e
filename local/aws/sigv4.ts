/**
 * Signature Version 4 as AWS checks it: who signed a request, over exactly this request, and just now.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './aws-error.ts';
import { canonicalPath, canonicalQuery, queryOf } from './canonical-url.ts';
import { ALGORITHM, type Claim, readClaim, type Signer } from './signature-claim.ts';

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /**
   * What stands for the body in the signature: its SHA-256 in hex; for S3 the header `x-amz-content-sha256`, or
   * `UNSIGNED-PAYLOAD` where the signature is in the query. That the body has this hash is for the receiver to check.
   */
  readonly payloadHash: string;
}

/** The signer, and what the signatures of aws-chunked bodies continue from. */
export interface VerifiedSignature extends Signer {
  readonly signature: string;
  readonly signingKey: Buffer;
  /** `20270131T120000Z`. */
  readonly timestamp: string;
  /** `20270131/us-east-1/s3/aws4_request`. */
  readonly scope: string;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html RequestTimeTooSkewed */
const MAX_SKEW_MS = 15 * 60 * 1000;

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text, 'utf8').digest();

/**
 * Proves who signed a request.
 * @param credentialsOf the secret of an access key, or undefined where there is no such key
 * @param now milliseconds since the epoch
 * @throws AwsError with the code that S3 answers: `AccessDenied` (unsigned, or expired), `InvalidAccessKeyId`,
 * `SignatureDoesNotMatch`, `RequestTimeTooSkewed`, `AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError`
 */
export function verifySignature(
  request: SignedRequest,
  credentialsOf: (accessKeyId: string) => string | undefined,
  now: number,
): VerifiedSignature {
  const claim = readClaim(request.headers, request.url);
  checkTime(claim, now);
  checkSignedHeaders(claim, request.headers);
  const secret = credentialsOf(claim.accessKeyId);
  if (secret === undefined) {
    throw new AwsError(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  }
  const signingKey = claim.scope
    .split('/')
    .reduce<Buffer | string>((key, step) => hmac(key, step), `AWS4${secret}`);
  const stringToSign = [
    ALGORITHM,
    claim.timestamp,
    claim.scope,
    sha256(canonicalRequest(request, claim)),
  ].join('\n');
  const expected = hmac(signingKey, stringToSign).toString('hex');
  if (!sameSignature(expected, claim.signature)) throw doesNotMatch();
  const { accessKeyId, service, region, signature, timestamp, scope } = claim;
  return { accessKeyId, service, region, signature, timestamp, scope, signingKey: Buffer.from(signingKey) };
}

/**
 * Who claims to have signed, and for which service: enough to choose the service, nothing is proved yet.
 * @returns undefined where the request is not signed at all
 */
export function readCredentialScope(headers: IncomingHttpHeaders, url: string): Signer | undefined {
  if (headers.authorization === undefined && !queryOf(url).has('X-Amz-Credential')) return undefined;
  const { accessKeyId, service, region } = readClaim(headers, url);
  return { accessKeyId, service, region };
}

/** Compares without telling by its duration how much was right. */
export function sameSignature(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The signature of one chunk, or of the trailer, of an aws-chunked body. */
export function chunkSignature(
  seed: VerifiedSignature,
  kind: 'PAYLOAD' | 'TRAILER',
  previous: string,
  hashes: readonly string[],
): string {
  const lines = [`${ALGORITHM}-${kind}`, seed.timestamp, seed.scope, previous, ...hashes];
  return hmac(seed.signingKey, lines.join('\n')).toString('hex');
}

export const doesNotMatch = () =>
  new AwsError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );

function checkTime(claim: Claim, now: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.timestamp);
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1);
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAt)) {
    throw new AwsError(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  // A key is derived for one day: a scope of another day than the time stamp is never what the signer meant.
  if (!claim.scope.startsWith(claim.timestamp.slice(0, 8))) throw doesNotMatch();
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(now - signedAt) <= MAX_SKEW_MS) return;
    throw new AwsError(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  }
  if (now - signedAt > claim.expiresSeconds * 1000)
    throw new AwsError(403, 'AccessDenied', 'Request has expired');
  if (signedAt - now > MAX_SKEW_MS) throw new AwsError(403, 'AccessDenied', 'Request is not valid yet');
}

/** What steers AWS must be signed, or whoever relays a request could change it. */
function checkSignedHeaders(claim: Claim, headers: IncomingHttpHeaders): void {
  const signed = new Set(claim.signedHeaders);
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  if (unsigned.length === 0) return;
  throw new AwsError(403, 'AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  });
}

function canonicalRequest(request: SignedRequest, claim: Claim): string {
  const headers = claim.signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers[name])}\n`);
  return [
    request.method,
    canonicalPath(request.url, claim.service),
    canonicalQuery(request.url),
    headers.join(''),
    claim.signedHeaders.join(';'),
    request.payloadHash,
  ].join('\n');
}

const canonicalHeader = (value: string | string[] | undefined): string =>
  [value ?? ''].flat().join(',').trim().replaceAll(/ +/g, ' ');
