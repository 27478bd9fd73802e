/** CompleteMultipartUpload: the parts stay the files they are, and become an object in one transaction. */
import { createHash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { ALGORITHMS, type Checksum, elementOf, headerOf, joinChecksums } from './checksums.ts';
import { encryptionHeaders } from './draft.ts';
import { receiveText } from './intake.ts';
import { PART_NUMBERS, uploadOfCall } from './multipart.ts';
import { type S3Request, wholeNumber } from './request.ts';
import { deleteUpload, type Upload, type UploadedPart, uploadedParts } from './upload-records.ts';
import type { NewVersion } from './version-records.ts';
import { opaqueETag, versionHeader, writeObject } from './write-object.ts';
import { childrenOf, malformed, onlyKnown, parseXml, requiredText, textOf, type XmlElement } from './xml.ts';

/** Ten thousand parts with an ETag and a checksum each. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Of every part but the last. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MIN_PART_BYTES = 5 * 1024 * 1024;

export async function completeMultipartUpload(call: BucketCall): Promise<Answer> {
  const { request, bucket, store } = call;
  uploadOfCall(call);
  const text = await receiveText(withoutChecksums(request), MAX_BODY_BYTES);
  const document = parseXml(text, 'CompleteMultipartUpload');
  let leftOver: readonly string[] = [];
  const version = await writeObject(call, {
    // The parts are on the disk already; which of them make the object is chosen when nothing can change any more.
    receive: async () => undefined,
    make: () => {
      const upload = uploadOfCall(call);
      const all = uploadedParts(store, upload);
      const parts = chooseParts(upload, all, document);
      const chosen = new Set(parts);
      leftOver = all.filter((part) => !chosen.has(part)).map((part) => part.body);
      deleteUpload(store, upload);
      return assemble(call, upload, parts);
    },
    discard: async () => undefined,
  });
  await store.bodies.remove(leftOver);
  const { checksum } = version;
  return {
    headers: {
      ...encryptionHeaders(version.encryption, call.keyArn),
      'x-amz-version-id': versionHeader(call, version),
    },
    xml: [
      'CompleteMultipartUploadResult',
      {
        Location: `http://${request.headers.get('host') ?? ''}/${bucket.name}/${encodeURIComponent(request.key)}`,
        Bucket: bucket.name,
        Key: request.key,
        ETag: `"${version.etag}"`,
        ...(checksum === undefined
          ? {}
          : { [elementOf(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
      },
    ],
  };
}

/** The checksum in the headers is the object's, not that of the list of parts. */
const withoutChecksums = (request: S3Request): S3Request => ({
  ...request,
  headers: new Map(
    [...request.headers].filter(([name]) => !ALGORITHMS.some((one) => headerOf(one) === name)),
  ),
});

/** @throws AwsError `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `InvalidRequest` */
function chooseParts(
  upload: Upload,
  all: readonly UploadedPart[],
  document: XmlElement,
): readonly UploadedPart[] {
  onlyKnown(document, ['Part']);
  const known = new Map(all.map((part) => [part.number, part]));
  const named = childrenOf(document, 'Part');
  if (named.length === 0) throw malformed();
  let last = 0;
  const parts = named.map((element) => {
    onlyKnown(element, ['PartNumber', 'ETag', ...ALGORITHMS.map(elementOf)]);
    const number = wholeNumber('PartNumber', requiredText(element, 'PartNumber'), PART_NUMBERS) ?? 0;
    if (number <= last) {
      throw new AwsError(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: upload.id },
      );
    }
    last = number;
    const part = known.get(number);
    const etag = requiredText(element, 'ETag').replaceAll('"', '');
    if (part === undefined || part.etag !== etag) throw invalidPart(upload, number, etag);
    checkNamedChecksum(upload, part, element);
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_BYTES);
  if (small === undefined) return parts;
  throw new AwsError(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
    PartNumber: String(small.number),
    ETag: small.etag,
    ProposedSize: String(small.size),
    MinSizeAllowed: String(MIN_PART_BYTES),
  });
}

function checkNamedChecksum(upload: Upload, part: UploadedPart, element: XmlElement): void {
  const { algorithm, type } = upload.checksum ?? {};
  for (const name of ALGORITHMS) {
    const given = textOf(element, elementOf(name));
    if (given !== undefined && name === algorithm && given !== part.checksum) {
      throw invalidPart(upload, part.number, part.etag);
    }
  }
  if (algorithm === undefined || type !== 'COMPOSITE' || textOf(element, elementOf(algorithm)) !== undefined)
    return;
  throw new AwsError(
    400,
    'InvalidRequest',
    `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`,
  );
}

const invalidPart = (upload: Upload, number: number, etag: string) =>
  new AwsError(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: upload.id, PartNumber: String(number), ETag: etag },
  );

/** The object that the parts make. @throws AwsError `BadDigest`, `InvalidRequest` where it is not the one announced */
function assemble(call: BucketCall, upload: Upload, parts: readonly UploadedPart[]): NewVersion {
  const { algorithm, type } = upload.checksum ?? { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' };
  const sums = parts.map((part) => ({ checksum: Buffer.from(part.checksum, 'base64'), size: part.size }));
  const checksum = joinChecksums(algorithm, type, sums);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  checkAnnounced(call.request.headers, checksum, size);
  const md5s = Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')));
  const hashed = upload.draft.encryption.algorithm === 'AES256';
  const etag = hashed ? createHash('md5').update(md5s).digest('hex') : opaqueETag();
  return {
    key: upload.key,
    size,
    etag: `${etag}-${parts.length}`,
    modifiedMs: call.nowMs,
    checksum,
    multipart: true,
    draft: upload.draft,
    parts,
  };
}

function checkAnnounced(headers: ReadonlyMap<string, string>, checksum: Checksum, size: number): void {
  const announcedSize = headers.get('x-amz-mp-object-size');
  if (announcedSize !== undefined && announcedSize !== String(size)) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${announcedSize} does not match what was computed: ${size}`,
    );
  }
  const announcedType = headers.get('x-amz-checksum-type');
  if (announcedType !== undefined && announcedType !== checksum.type) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const other = ALGORITHMS.find((name) => name !== checksum.algorithm && headers.has(headerOf(name)));
  if (other !== undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm.toLowerCase()}, actual checksum Type: ${other.toLowerCase()}`,
    );
  }
  const announced = headers.get(headerOf(checksum.algorithm));
  if (announced === undefined) return;
  const bare = (value: string) => value.split('-')[0];
  const same = announced.includes('-') ? announced === checksum.value : announced === bare(checksum.value);
  if (!same) {
    throw new AwsError(
      400,
      'BadDigest',
      `The ${checksum.algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
    );
  }
}
