/** ListObjectsV2 and ListObjectVersions. */
import { AwsError } from '../aws-error.ts';
import { encodeUri } from '../canonical-url.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { gather, successor } from './key-order.ts';
import { notImplemented, wholeNumber } from './request.ts';
import { sequenceOf, type Version, versionOf } from './version-records.ts';

const MAX_ENTRIES = 1000;

/** A page may be smaller than asked, never larger than a thousand. */
export const pageSize = (text: string | undefined, name: string): number =>
  Math.min(wholeNumber(name, text, { min: 0, max: 0x7fffffff }) ?? MAX_ENTRIES, MAX_ENTRIES);

/** Keys hold characters that XML cannot: a client may ask for them escaped. */
export function encodeKey(type: string | undefined): (key: string) => string {
  if (type !== undefined && type !== 'url') {
    throw new AwsError(400, 'InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  return type === 'url' ? (key) => encodeUri(key).replaceAll('%2F', '/') : (key) => key;
}

export function listObjectsV2({ request, store, bucket }: BucketCall): Answer {
  const { query } = request;
  if (query.get('list-type') !== '2') throw notImplemented('ListObjects (version 1)');
  const max = pageSize(query.get('max-keys'), 'max-keys');
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const start = token === undefined ? { after: startAfter } : readToken(token);
  const end = successor(prefix) ?? null;
  const encode = encodeKey(query.get('encoding-type'));
  const entries = gather(max === 0 ? 0 : max + 1, prefix, delimiter, ({ after, key }, limit) =>
    store.all(
      `SELECT * FROM versions WHERE bucket = ?1 AND latest = 1 AND delete_marker = 0
       AND key >= ?2 AND (?3 IS NULL OR key < ?3) AND key > ?4 ORDER BY key LIMIT ?5`,
      ...[bucket.name, later(prefix, key ?? start.from ?? ''), end],
      ...[after === undefined ? (start.after ?? '') : String(after.key), limit],
    ),
  );
  const page = entries.slice(0, max);
  const last = page.at(-1);
  const truncated = entries.length > max;
  const contents = page.flatMap((entry) => ('row' in entry ? [versionOf(entry.row)] : []));
  const content = {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: max,
    EncodingType: query.get('encoding-type'),
    KeyCount: page.length,
    IsTruncated: truncated,
    ContinuationToken: token,
    NextContinuationToken:
      truncated && last !== undefined
        ? makeToken('row' in last ? { after: String(last.row.key) } : { from: successor(last.prefix) ?? '' })
        : undefined,
    StartAfter: startAfter === '' ? undefined : encode(startAfter),
    Contents: contents.map((version) => ({ Key: encode(version.key), ...describe(version) })),
    CommonPrefixes: page.flatMap((entry) => ('prefix' in entry ? [{ Prefix: encode(entry.prefix) }] : [])),
  };
  return { xml: ['ListBucketResult', content] };
}

export function listObjectVersions({ request, store, bucket }: BucketCall): Answer {
  const { query } = request;
  const max = pageSize(query.get('max-keys'), 'max-keys');
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('version-id-marker') ?? ''];
  const end = successor(prefix) ?? null;
  const encode = encodeKey(query.get('encoding-type'));
  // A group that ended a page ended it with its prefix as the marker: all of the group lies behind.
  const group =
    delimiter !== '' && keyMarker.startsWith(prefix) && keyMarker.endsWith(delimiter) && idMarker === '';
  const from = group ? (successor(keyMarker) ?? keyMarker) : '';
  const seqMarker =
    idMarker === '' ? 0 : (sequenceOf(idMarker) ?? nullSequence(store, bucket.name, keyMarker));
  const entries = gather(max === 0 ? 0 : max + 1, prefix, delimiter, ({ after, key }, limit) =>
    store.all(
      `SELECT * FROM versions WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
       AND (key > ?4 OR (key = ?4 AND seq < ?5)) ORDER BY key, seq DESC LIMIT ?6`,
      ...[bucket.name, later(prefix, key ?? from), end],
      ...(after === undefined ? [keyMarker, seqMarker] : [String(after.key), Number(after.seq)]),
      limit,
    ),
  );
  const page = entries.slice(0, max);
  const last = page.at(-1);
  const truncated = entries.length > max;
  const versions = page.flatMap((entry) => ('row' in entry ? [versionOf(entry.row)] : []));
  const named = (version: Version) => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: version.latest,
    ...describe(version),
  });
  const markers = versions.filter((version) => version.deleteMarker).map(named);
  const content = {
    Name: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: idMarker,
    NextKeyMarker:
      truncated && last !== undefined
        ? encode('row' in last ? String(last.row.key) : last.prefix)
        : undefined,
    NextVersionIdMarker:
      truncated && last !== undefined && 'row' in last ? String(last.row.version_id) : undefined,
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: query.get('encoding-type'),
    MaxKeys: max,
    IsTruncated: truncated,
    Version: versions.filter((version) => !version.deleteMarker).map(named),
    DeleteMarker: markers.map(({ Key, VersionId, IsLatest, LastModified }) => ({
      Key,
      VersionId,
      IsLatest,
      LastModified,
    })),
    CommonPrefixes: page.flatMap((entry) => ('prefix' in entry ? [{ Prefix: encode(entry.prefix) }] : [])),
  };
  return { xml: ['ListVersionsResult', content] };
}

const describe = (version: Version) => ({
  LastModified: new Date(version.modifiedMs).toISOString(),
  ETag: `"${version.etag}"`,
  ChecksumAlgorithm: version.checksum?.algorithm,
  ChecksumType: version.checksum?.type,
  Size: version.size,
  StorageClass: version.storageClass,
});

/** Where a listing goes on: after a key, or from one on. */
interface Start {
  readonly after?: string;
  readonly from?: string;
}

const makeToken = (start: Start): string => Buffer.from(JSON.stringify(start)).toString('base64url');

function readToken(token: string): Start {
  try {
    const start: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof start === 'object' && start !== null) {
      if ('after' in start && typeof start.after === 'string') return { after: start.after };
      if ('from' in start && typeof start.from === 'string') return { from: start.from };
    }
  } catch {
    // Not one of ours: refused below, like any other.
  }
  throw new AwsError(400, 'InvalidArgument', 'The continuation token provided is incorrect', {
    ArgumentName: 'continuation-token',
  });
}

/** The later of two keys in the order of bytes, which is not that of JavaScript's text. */
const later = (left: string, right: string): string =>
  Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0 ? right : left;

/** The version "null" carries no place in the order: if it is gone meanwhile, its key is listed from the start. */
function nullSequence(store: BucketCall['store'], bucket: string, key: string): number {
  const row = store.first(
    "SELECT seq FROM versions WHERE bucket = ? AND key = ? AND version_id = 'null'",
    bucket,
    key,
  );
  return row === undefined ? Number.MAX_SAFE_INTEGER : Number(row.seq);
}
