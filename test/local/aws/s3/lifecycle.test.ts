import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type LocalS3, startLocal } from './s3-fixture.ts';

const DAY_MS = 86_400_000;
const about = { Bucket: 'aging', Key: 'k' };

/** Acts, then starts the endpoint some days later, which carries the rules out, and looks at what is left. */
async function afterDays(
  days: number,
  rule: object,
  act: (s3: LocalS3) => Promise<unknown>,
  look: (s3: LocalS3) => Promise<void>,
) {
  const folder = temporaryFolder();
  const before = await startLocal({ folder });
  const lifecycleRules = [{ Status: 'Enabled', ...rule }];
  before.s3.createBucket('aging', { versioned: true, objectLock: true, policies: [], lifecycleRules });
  await act(before);
  await before.stop();
  const later = await startLocal({ folder, now: () => Date.now() + days * DAY_MS });
  await later.stop();
  // Requests are signed with the clock of today.
  const s3 = await startLocal({ folder });
  await look(s3);
  await s3.stop();
}

const put = (s3: LocalS3, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
  s3.client.send(new PutObjectCommand({ ...about, Body, ...more }));
const versions = (s3: LocalS3) => s3.client.send(new ListObjectVersionsCommand({ Bucket: 'aging' }));
const uploads = async (s3: LocalS3) =>
  (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'aging' }))).Uploads ?? [];

describe('a lifecycle rule', () => {
  it.each([
    [2, 0],
    [0, 1],
  ])('aborts uploads of a day: after %d days there are %d', async (days, left) => {
    await afterDays(
      days,
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      async (s3) => {
        const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(about));
        await s3.client.send(new UploadPartCommand({ ...about, UploadId, PartNumber: 1, Body: 'x' }));
        await put(s3, 'whole');
      },
      async (s3) => {
        expect(await uploads(s3)).toHaveLength(left);
        expect((await versions(s3)).Versions).toHaveLength(1);
      },
    );
  });

  it('expires noncurrent versions, except where a lock holds them', async () => {
    await afterDays(
      31,
      { NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      async (s3) => {
        await put(s3, 'held', { ObjectLockLegalHoldStatus: 'ON' });
        await put(s3, 'noncurrent');
        await put(s3, 'current');
      },
      async (s3) => {
        const sizes = (await versions(s3)).Versions?.map(({ Size }) => Size);
        expect(sizes).toEqual(['current'.length, 'held'.length]);
      },
    );
  });

  it('puts a marker over expired objects, under its prefix only', async () => {
    await afterDays(
      8,
      { ExpirationInDays: 7, Prefix: 'old/' },
      async (s3) => {
        await put(s3, 'stays');
        await put(s3, 'goes', { Key: 'old/k' });
      },
      async (s3) => {
        const found = await versions(s3);
        expect(found.DeleteMarkers?.map(({ Key }) => Key)).toEqual(['old/k']);
        expect(found.Versions).toHaveLength(2);
      },
    );
  });

  it('removes markers that hide nothing', async () => {
    await afterDays(
      0,
      { ExpiredObjectDeleteMarker: true },
      (s3) => s3.client.send(new DeleteObjectCommand(about)),
      async (s3) => expect((await versions(s3)).DeleteMarkers ?? []).toEqual([]),
    );
  });
});
