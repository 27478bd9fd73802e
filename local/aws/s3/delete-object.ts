/** DeleteObject and DeleteObjects: markers where versions are kept, removal where one is named. */
import { AwsError } from '../aws-error.ts';
import { mayUse, objectArn } from './access.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { readClaims } from './claims.ts';
import { checkWrite } from './conditions.ts';
import { receiveText } from './intake.ts';
import { checkRemovable } from './object-lock.ts';
import { deleteVersion, findVersion, insertDeleteMarker, latestVersion } from './version-records.ts';
import { childrenOf, malformed, onlyKnown, parseXml, requiredText, textOf } from './xml.ts';

/** What one deletion did. */
interface Deletion {
  /** Of the marker that was made, or of the version that was removed. */
  readonly versionId?: string;
  readonly deleteMarker: boolean;
}

const MAX_KEYS = 1000;
/** A thousand keys of a thousand bytes, escaped. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export async function deleteObject(call: BucketCall): Promise<Answer> {
  const { request } = call;
  const versionId = request.query.get('versionId');
  const { versionId: about, deleteMarker } = await deleteOne(call, request.key, versionId);
  return {
    status: 204,
    headers: { 'x-amz-version-id': about, 'x-amz-delete-marker': deleteMarker ? 'true' : undefined },
  };
}

/** Each key succeeds or fails alone. */
export async function deleteObjects(call: BucketCall): Promise<Answer> {
  const { request, bucket } = call;
  const claims = readClaims(request);
  if (claims.md5 === undefined && claims.algorithm === undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  }
  const document = parseXml(await receiveText(request, MAX_BODY_BYTES), 'Delete');
  onlyKnown(document, ['Object', 'Quiet']);
  const objects = childrenOf(document, 'Object');
  if (objects.length === 0 || objects.length > MAX_KEYS) throw malformed();
  const deleted: Record<string, string | undefined>[] = [];
  const errors: Record<string, string | undefined>[] = [];
  for (const object of objects) {
    onlyKnown(object, ['Key', 'VersionId']);
    const key = requiredText(object, 'Key');
    const versionId = textOf(object, 'VersionId');
    try {
      const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
      if (!(await mayUse(call.gate, request, bucket, { action, resource: objectArn(bucket.name, key) }))) {
        throw new AwsError(403, 'AccessDenied', 'Access Denied');
      }
      const { versionId: about, deleteMarker } = await deleteOne(call, key, versionId);
      deleted.push({
        Key: key,
        VersionId: versionId,
        DeleteMarker: deleteMarker ? 'true' : undefined,
        DeleteMarkerVersionId: deleteMarker ? about : undefined,
      });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ Key: key, VersionId: versionId, Code: error.code, Message: error.message });
    }
  }
  const quiet = textOf(document, 'Quiet') === 'true';
  return { xml: ['DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors }] };
}

async function deleteOne(call: BucketCall, key: string, versionId: string | undefined): Promise<Deletion> {
  const { store, bucket, conflicts } = call;
  const { deletion, freed } = store.transact(() =>
    versionId === undefined ? deleteLatest(call, key) : removeVersion(call, key, versionId),
  );
  conflicts.deleted(bucket.name, key);
  await store.bodies.remove(freed);
  return deletion;
}

interface Outcome {
  readonly deletion: Deletion;
  readonly freed: readonly string[];
}

function removeVersion(
  { store, bucket, request, nowMs }: BucketCall,
  key: string,
  versionId: string,
): Outcome {
  const version = findVersion(store, bucket.name, key, versionId);
  if (request.key !== '') checkWrite(onlyMatch(request.headers), version);
  if (version === undefined) return { deletion: { versionId, deleteMarker: false }, freed: [] };
  checkRemovable(version, request.headers.get('x-amz-bypass-governance-retention') === 'true', nowMs);
  return {
    deletion: { versionId, deleteMarker: version.deleteMarker },
    freed: deleteVersion(store, version),
  };
}

function deleteLatest({ store, bucket, request, nowMs }: BucketCall, key: string): Outcome {
  const latest = latestVersion(store, bucket.name, key);
  if (request.key !== '') checkWrite(onlyMatch(request.headers), latest);
  if (bucket.settings.versioning === undefined) {
    return {
      deletion: { deleteMarker: false },
      freed: latest === undefined ? [] : deleteVersion(store, latest),
    };
  }
  const { version, freed } = insertDeleteMarker(store, bucket, key, nowMs);
  return { deletion: { versionId: version.versionId, deleteMarker: true }, freed };
}

/** Of the conditions, a deletion knows If-Match only. */
const onlyMatch = (headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...headers].filter(([name]) => name === 'if-match'));
