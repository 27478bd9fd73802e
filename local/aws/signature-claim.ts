/** What a request claims about its signature, in its header or in its query. */
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './aws-error.ts';
import { queryOf } from './canonical-url.ts';

export interface Signer {
  readonly accessKeyId: string;
  readonly service: string;
  readonly region: string;
}

export interface Claim extends Signer {
  /** `20270131/us-east-1/s3/aws4_request`. */
  readonly scope: string;
  readonly signature: string;
  readonly signedHeaders: readonly string[];
  /** `20270131T120000Z`. */
  readonly timestamp: string;
  /** Set where the signature stands in the query. */
  readonly expiresSeconds?: number;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
/** A week, the longest life of a presigned address. */
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/** @throws AwsError where there is no claim, or none that can be read */
export function readClaim(headers: IncomingHttpHeaders, url: string): Claim {
  const query = queryOf(url);
  const inQuery = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature');
  if (headers.authorization !== undefined) {
    if (inQuery) throw new AwsError(400, 'InvalidArgument', 'Only one auth mechanism allowed');
    return readHeaderClaim(headers.authorization, headers);
  }
  if (inQuery) return readQueryClaim(query);
  throw new AwsError(403, 'AccessDenied', 'Access Denied');
}

function readHeaderClaim(authorization: string, headers: IncomingHttpHeaders): Claim {
  const malformed = (what: string) =>
    new AwsError(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${what}.`);
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw new AwsError(400, 'InvalidRequest', `Please use ${ALGORITHM}.`);
  }
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length + 1).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const credential = fields.get('Credential');
  const signedHeaders = fields.get('SignedHeaders');
  const signature = fields.get('Signature');
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    throw malformed('Credential, SignedHeaders and Signature are required');
  }
  const timestamp = headerTimestamp(headers);
  if (timestamp === undefined) {
    throw new AwsError(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  }
  return {
    ...readCredential(credential, malformed),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
  };
}

function readQueryClaim(query: ReadonlyMap<string, string>): Claim {
  const malformed = (what: string) => new AwsError(400, 'AuthorizationQueryParametersError', what);
  const value = (name: string): string => {
    const found = query.get(name);
    if (found === undefined) throw malformed(`Query-string authentication requires the ${name} parameter`);
    return found;
  };
  if (value('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const expires = value('X-Amz-Expires');
  const expiresSeconds = Number(expires);
  if (!/^\d+$/.test(expires) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw malformed('X-Amz-Expires must be a number from 1 to 604800 seconds');
  }
  return {
    ...readCredential(value('X-Amz-Credential'), malformed),
    signedHeaders: value('X-Amz-SignedHeaders').split(';'),
    signature: value('X-Amz-Signature'),
    timestamp: value('X-Amz-Date'),
    expiresSeconds,
  };
}

function readCredential(
  credential: string,
  malformed: (what: string) => AwsError,
): Signer & { scope: string } {
  const match =
    /^(?<accessKeyId>[^/]+)\/(?<scope>\d{8}\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request)$/.exec(
      credential,
    );
  const { accessKeyId, scope, region, service } = match?.groups ?? {};
  if (accessKeyId === undefined || scope === undefined || region === undefined || service === undefined) {
    throw malformed('the Credential is not "<key>/YYYYMMDD/REGION/SERVICE/aws4_request"');
  }
  return { accessKeyId, scope, region, service };
}

function headerTimestamp(headers: IncomingHttpHeaders): string | undefined {
  const amzDate = headers['x-amz-date'];
  if (typeof amzDate === 'string') return amzDate;
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? undefined : new Date(date).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
