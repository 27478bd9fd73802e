/** What the contract tests talk to: the laptop's S3, or AWS itself with SAFEBASE_TEST_AWS=1 and credentials at hand. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLegalHoldCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { createS3, type S3, type S3Options } from '../../../../local/aws/s3/s3.ts';
import { listen } from '../../../../local/loopback.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const onAws = process.env.SAFEBASE_TEST_AWS === '1';
/** Tests of what only the laptop has, or what one would not do to AWS. */
export const describeLocal = onAws ? describe.skip : describe;

export const KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret of the test' };

export interface S3Fixture {
  readonly client: S3Client;
  /** With versions and Object Lock. */
  readonly locked: string;
  /** With neither. */
  readonly plain: string;
  stop(): Promise<void>;
}

export interface LocalS3 {
  readonly s3: S3;
  readonly url: string;
  readonly folder: string;
  readonly log: readonly string[];
  readonly client: S3Client;
  stop(): Promise<void>;
}

const running = new Set<() => Promise<void>>();
// Also after a test that failed half way.
afterAll(async () => {
  for (const stop of running) await stop();
});

/** The laptop's S3 on a port of its own. */
export async function startLocal(options: Partial<S3Options> = {}): Promise<LocalS3> {
  const log: string[] = [];
  const folder = options.folder ?? temporaryFolder();
  const credentialsOf = (id: string) => (id === KEY.accessKeyId ? KEY.secretAccessKey : undefined);
  const s3 = createS3({ credentialsOf, log: (line) => log.push(line), ...options, folder });
  const server = await listen(
    createServer((request, response) => void s3.handle(request, response)),
    0,
  );
  const client = clientOf(server.url);
  const stop = async (): Promise<void> => {
    if (!running.delete(stop)) return;
    client.destroy();
    await server.close();
    await s3.close();
  };
  running.add(stop);
  return {
    s3,
    url: server.url,
    folder,
    log,
    client,
    stop,
  };
}

export const clientOf = (endpoint: string): S3Client =>
  new S3Client({ endpoint, region: 'us-east-1', credentials: KEY, maxAttempts: 1, forcePathStyle: true });

/** Two buckets to test in; they are removed at the end. */
export async function startS3(): Promise<S3Fixture> {
  const local = onAws ? undefined : await startLocal();
  const client = local?.client ?? new S3Client({ region: 'us-east-1' });
  const suffix = randomBytes(6).toString('hex');
  const [locked, plain] = [`safebase-test-lock-${suffix}`, `safebase-test-plain-${suffix}`];
  await client.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
  await client.send(new CreateBucketCommand({ Bucket: plain, ObjectLockEnabledForBucket: false }));
  return {
    client,
    locked,
    plain,
    async stop() {
      for (const bucket of onAws ? [locked, plain] : []) await removeBucket(client, bucket);
      client.destroy();
      await local?.stop();
    },
  };
}

/** The name of the error that a call ends with, and its status: `NoSuchKey 404`. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.name} ${error.$metadata.httpStatusCode}`;
    throw error;
  }
  return 'no failure';
}

async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (versions.length === 0) break;
    for (const { Key, VersionId } of versions) {
      const version = { Bucket, Key, VersionId };
      await client
        .send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }))
        .catch(() => undefined);
      await client.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }));
    }
  }
  await client.send(new DeleteBucketCommand({ Bucket }));
}
