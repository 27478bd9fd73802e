/** GetObject and HeadObject. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BodySlice } from './body-folder.ts';
import { type ByteRange, parseRange } from './byte-range.ts';
import type { BucketCall } from './call.ts';
import { checkRead } from './conditions.ts';
import { descriptionHeaders, encryptionHeaders } from './draft.ts';
import { wholeNumber } from './request.ts';
import { latestVersion, partsOf, type StoredPart, type Version, versionNamed } from './version-records.ts';
import { checksumHeaders, versionHeader } from './write-object.ts';

/** The parameters of a presigned address that say how the answer describes itself. */
export const RESPONSE_PARAMETERS: Readonly<Record<string, string>> = {
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
};

export function getObject(call: BucketCall): Answer {
  const version = readableVersion(call);
  const parts = partsOf(call.store, version.seq);
  const asked = askedRange(call, version, parts);
  const answer = describe(call, version, parts, asked);
  if (answer.status === 304) return answer;
  return {
    ...answer,
    body: call.store.bodies.read(slicesOf(parts, asked.range ?? { first: 0, last: version.size - 1 })),
  };
}

export function headObject(call: BucketCall): Answer {
  const version = readableVersion(call);
  const parts = partsOf(call.store, version.seq);
  return describe(call, version, parts, askedRange(call, version, parts));
}

/**
 * The version that a read is about.
 * @throws AwsError `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` (a delete marker by its id)
 */
export function readableVersion({ store, bucket, request }: BucketCall): Version {
  const versionId = request.query.get('versionId');
  const version =
    versionId === undefined
      ? latestVersion(store, bucket.name, request.key)
      : versionNamed(store, bucket.name, request.key, versionId);
  if (version !== undefined && !version.deleteMarker) return version;
  const marker: Record<string, string> =
    version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
  if (versionId !== undefined) {
    throw new AwsError(
      405,
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      {
        Method: request.method,
        ResourceType: 'DeleteMarker',
        allow: 'DELETE',
        ...marker,
      },
    );
  }
  throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: request.key, ...marker });
}

/** What of a version is asked for: all, a range, or a part by its number. */
interface Asked {
  readonly range?: ByteRange;
  readonly part?: StoredPart;
}

function askedRange({ request }: BucketCall, version: Version, parts: readonly StoredPart[]): Asked {
  const range = request.headers.get('range');
  const number = wholeNumber('partNumber', request.query.get('partNumber'), { min: 1, max: 10_000 });
  if (number === undefined) {
    const parsed = parseRange(range, version.size);
    return parsed === undefined ? {} : { range: parsed };
  }
  if (range !== undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Cannot specify both Range header and partNumber query parameter',
    );
  }
  const part = parts[number - 1];
  if (part === undefined) {
    throw new AwsError(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      ActualPartCount: String(parts.length),
      PartNumberRequested: String(number),
    });
  }
  const first = parts.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0);
  return { part, range: { first, last: first + part.size - 1 } };
}

function describe(
  call: BucketCall,
  version: Version,
  parts: readonly StoredPart[],
  { range, part }: Asked,
): Answer {
  const { request } = call;
  const headers = {
    ETag: `"${version.etag}"`,
    'Last-Modified': new Date(version.modifiedMs).toUTCString(),
    'x-amz-version-id': versionHeader(call, version),
  };
  // Nothing is said about bytes that are not sent.
  if (checkRead(request.headers, version) === 304) return { status: 304, headers };
  const partial = range !== undefined && version.size > 0;
  const overrides = Object.entries(RESPONSE_PARAMETERS).map(([name, header]) => [
    header.toLowerCase(),
    request.query.get(name),
  ]);
  const bytes = range === undefined ? version.size : range.last - range.first + 1;
  return {
    status: partial ? 206 : 200,
    headers: {
      ...headers,
      ...descriptionHeaders(version),
      ...encryptionHeaders(version.encryption, call.keyArn),
      ...(request.headers.get('x-amz-checksum-mode') === 'ENABLED'
        ? shownChecksum(version, range, part)
        : {}),
      ...Object.fromEntries(overrides.filter(([, value]) => value !== undefined)),
      'Accept-Ranges': 'bytes',
      'Content-Length': String(bytes),
      'Content-Range': partial ? `bytes ${range.first}-${range.last}/${version.size}` : undefined,
      'x-amz-mp-parts-count': part !== undefined && version.multipart ? String(parts.length) : undefined,
    },
  };
}

/** A checksum is shown for what it covers: of a range there is none, of a part its own where the upload's was composite. */
function shownChecksum(
  version: Version,
  range: ByteRange | undefined,
  part: StoredPart | undefined,
): Record<string, string> {
  const { checksum } = version;
  if (checksum === undefined || range === undefined) return checksumHeaders(checksum);
  const whole = range.first === 0 && range.last === version.size - 1;
  if (part?.checksum !== undefined && checksum.type === 'COMPOSITE') {
    return checksumHeaders({ ...checksum, value: part.checksum });
  }
  return whole && part !== undefined ? checksumHeaders(checksum) : {};
}

function slicesOf(parts: readonly StoredPart[], { first, last }: ByteRange): BodySlice[] {
  let start = 0;
  return parts.flatMap(({ body, size }) => {
    const from = Math.max(first - start, 0);
    const until = Math.min(last - start + 1, size);
    start += size;
    return until > from ? [{ body, offset: from, bytes: until - from }] : [];
  });
}
