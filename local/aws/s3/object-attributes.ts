/** GetObjectAttributes: what an object is, without its bytes. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { type Checksum, elementOf } from './checksums.ts';
import { readableVersion } from './read-object.ts';
import { wholeNumber } from './request.ts';
import { partsOf, type Version } from './version-records.ts';
import { versionHeader } from './write-object.ts';

export function getObjectAttributes(call: BucketCall): Answer {
  const version = readableVersion(call);
  const wanted = (call.request.headers.get('x-amz-object-attributes') ?? '')
    .split(',')
    .map((name) => name.trim());
  const asked = (name: string): boolean => wanted.includes(name);
  if (!wanted.every((name) => ATTRIBUTES.includes(name))) {
    throw new AwsError(400, 'InvalidArgument', 'Invalid attribute name specified.');
  }
  const { checksum } = version;
  const content = {
    ETag: asked('ETag') ? version.etag : undefined,
    Checksum: asked('Checksum') && checksum !== undefined ? attributesOf(checksum) : undefined,
    ObjectParts: asked('ObjectParts') && version.multipart ? objectParts(call, version) : undefined,
    StorageClass: asked('StorageClass') ? version.storageClass : undefined,
    ObjectSize: asked('ObjectSize') ? version.size : undefined,
  };
  return {
    headers: {
      'Last-Modified': new Date(version.modifiedMs).toUTCString(),
      'x-amz-version-id': versionHeader(call, version),
    },
    xml: ['GetObjectAttributesResponse', content],
  };
}

const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** AWS gives a composite checksum here without the number of parts. */
const attributesOf = ({ algorithm, type, value }: Checksum) => ({
  [elementOf(algorithm)]: value.split('-')[0],
  ChecksumType: type,
});

/** Parts are listed one by one only where their checksums make up the object's. */
function objectParts(call: BucketCall, version: Version) {
  const parts = partsOf(call.store, version.seq);
  if (version.checksum?.type !== 'COMPOSITE') return { PartsCount: parts.length };
  const { headers } = call.request;
  const max =
    wholeNumber('x-amz-max-parts', headers.get('x-amz-max-parts'), { min: 0, max: 1_000_000 }) ?? 1000;
  const after = wholeNumber('x-amz-part-number-marker', headers.get('x-amz-part-number-marker'), {
    min: 0,
    max: 10_000,
  });
  const element = elementOf(version.checksum.algorithm);
  const rest = parts
    .map((part, index) => ({ ...part, number: index + 1 }))
    .filter(({ number }) => number > (after ?? 0));
  const page = rest.slice(0, Math.min(max, 1000));
  return {
    PartsCount: parts.length,
    PartNumberMarker: after ?? 0,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: max,
    IsTruncated: page.length < rest.length,
    Part: page.map(({ number, size, checksum }) => ({ [element]: checksum, PartNumber: number, Size: size })),
  };
}
