/** Damage that is planted in the bucket: verify finds it, and a restore does before its first statement. */
import { createHash } from 'node:crypto';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { RowDataPacket } from 'mysql2/promise';
import type { BackupFormat } from '../../functions/core/backup-format.ts';
import { filesOf, type Manifest } from '../../functions/core/manifest.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { randomFrom } from '../../local/sample/random.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type BodyFile, bodyFile } from './bucket-files.ts';
import { type Answer, type Laptop, startLaptop } from './laptop.ts';
import { operatorS3 } from './operator.ts';
import { SHORT_LEASE } from './scene.ts';
import { verificationEnded } from './verification-ended.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const FLIPS = process.env.SAFEBASE_FULL === '1' ? 200 : 8;

let laptop: Laptop;
let server: RunningServer;
let databaseId: string;
let s3: S3Client;
let bucket: string;
let one: Stored;
let other: Stored;

beforeAll(async () => {
  laptop = await startLaptop({ settings: { ...SHORT_LEASE, REREAD_LIMIT_BYTES: '0' } });
  const engine = await obtainEngine('mariadb-11.8');
  server = await startServer({ engine, dataFolder: temporaryFolder() });
  s3 = operatorS3(laptop.cloud);
  bucket = laptop.cloud.stack.buckets[0]?.name ?? '';
  await asRoot(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.items (id INT PRIMARY KEY, name TEXT)',
    'INSERT INTO shop.items SELECT seq, REPEAT(MD5(seq), 20) FROM shop.seq_1_to_500',
    'CREATE DATABASE kept',
    'CREATE TABLE kept.witness (id INT)',
    'INSERT INTO kept.witness VALUES (1)',
  );
  databaseId = await laptop.register(server, ['shop']);
  one = await stored();
  await asRoot('DELETE FROM shop.items WHERE id > 400');
  other = await stored();
}, START_MS);
afterAll(async () => {
  s3?.destroy();
  await laptop?.cloud.stop();
  await server?.kill();
});

const fileOf = (sha256: string): BodyFile => bodyFile(laptop.dataFolder, sha256);

/** A new backup, and its manifest. */
async function backedUp(format: BackupFormat) {
  const { id } = await laptop.backUp(databaseId, { format });
  await verificationEnded(laptop, id);
  const Key = `databases/${databaseId}/backups/${id}/manifest.json`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const text = (await Body?.transformToString()) ?? '';
  return {
    id: String(id),
    manifest: JSON.parse(text) as Manifest,
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

/** A new backup in format `sql`, and the files that hold it. */
async function stored() {
  const { id, manifest, sha256 } = await backedUp('sql');
  const [schema] = manifest.schemas;
  const dump = schema && 'dump' in schema ? schema.dump : undefined;
  if (dump === undefined || dump.parts.length !== 1) throw new Error('the dump has another shape');
  return {
    id,
    dumpKey: dump.key,
    manifestSha256: sha256,
    dump: fileOf(dump.sha256),
    manifest: fileOf(sha256),
  };
}
type Stored = Awaited<ReturnType<typeof stored>>;

async function asRoot(...statements: readonly string[]): Promise<RowDataPacket[]> {
  const root = await server.connect();
  let last: RowDataPacket[] = [];
  for (const statement of statements) [last] = await root.query<RowDataPacket[]>(statement);
  await root.end();
  return last;
}

/** How many statements of each kind that changes anything the server has run since it started. */
const changes = () =>
  asRoot(
    "SELECT variable_name AS name, variable_value AS value FROM information_schema.global_status WHERE variable_name REGEXP '^COM_(CREATE|DROP|ALTER|INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|RENAME|LOAD)'",
  );

async function verified(id: string): Promise<Answer['body']> {
  const { status, body } = await laptop.api('POST', `/backup/${id}/verify`);
  expect({ status, body }).toMatchObject({ status: 202, body: { verification: { state: 'queued' } } });
  return verificationEnded(laptop, id);
}

const order = () => ({ databaseId, schemas: { shop: 'kept' }, overwrite: true, confirm: 'kept' });

/** Both find it, nothing is written, and the backup's own state stays. */
async function isFound(id: string, code: unknown = 'backup_damaged'): Promise<void> {
  expect(await verified(id)).toMatchObject({
    state: 'completed',
    verification: { state: 'failed', failure: { code } },
  });
  const before = await changes();
  const restore = await laptop.restore(id, order());
  expect(restore).toMatchObject({ state: 'failed', failure: { code } });
  for (const { state } of restore.restored ?? []) expect(state).toBe('untouched');
  expect(await changes()).toEqual(before);
  expect(await asRoot('SELECT * FROM kept.witness')).toEqual([{ id: 1 }]);
}

/** Puts other bytes in the place of a file while something happens. */
async function whileDamaged(file: BodyFile, bytes: Buffer, then: () => Promise<void>): Promise<void> {
  file.replace(bytes);
  await then().finally(file.restore);
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** As long as the file is, so that the endpoint serves it. */
const asLongAs = (file: BodyFile, bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(file.bytes.length)]).subarray(0, file.bytes.length);

/** Changes what the record says of its manifest. */
async function rewriteRecord(id: string, field: string, value: string): Promise<void> {
  const { awsUrl: endpoint, operator, stack } = laptop.cloud;
  const client = new DynamoDBClient({ endpoint, region: operator.region, credentials: operator });
  await client.send(
    new UpdateItemCommand({
      TableName: stack.tables[0]?.name,
      Key: { pk: { S: `BK#${id.slice(3)}` }, sk: { S: 'META' } },
      ConditionExpression: 'attribute_exists(manifest)',
      UpdateExpression: 'SET manifest.#field = :value',
      ExpressionAttributeNames: { '#field': field },
      ExpressionAttributeValues: { ':value': { S: value } },
    }),
  );
  client.destroy();
}

it(
  'passes a backup that nobody has damaged',
  async () => {
    const { verification, ...backup } = await verified(one.id);
    expect(backup).toMatchObject({ state: 'completed', reread: false });
    const bytes = one.dump.bytes.length;
    expect(verification).toMatchObject({ state: 'passed', bytesRead: bytes, bytesToRead: bytes });
  },
  TEST_MS,
);

it(
  'runs once, however many ask for it at the same time',
  async () => {
    const asked = Array.from({ length: 6 }, () => laptop.api('POST', `/backup/${one.id}/verify`));
    const answers = await Promise.all(asked);
    const refused = answers.filter(({ status }) => status !== 202);
    // One that comes after the end of the first begins another.
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, body } of refused) {
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'verify_active' });
    }
    expect(await verificationEnded(laptop, one.id)).toMatchObject({ verification: { state: 'passed' } });
  },
  TEST_MS,
);

it(
  `finds each of ${FLIPS} single bits`,
  async () => {
    const random = randomFrom(20_261_123);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const file = flip % 4 === 3 ? one.manifest : one.dump;
      const bit = random.bytes(4).readUInt32LE() % (file.bytes.length * 8);
      await whileDamaged(file, flipped(file.bytes, bit), () => isFound(one.id));
    }
  },
  FLIPS * 15_000,
);

it.each([
  ['a dump of another backup', () => [one.dump, asLongAs(one.dump, other.dump.bytes)] as const],
  [
    'the manifest of another backup',
    () => [one.manifest, asLongAs(one.manifest, other.manifest.bytes)] as const,
  ],
  ['zeros', () => [one.dump, Buffer.alloc(one.dump.bytes.length)] as const],
])(
  'finds %s in the place of its own',
  async (_, swap) => {
    const [file, bytes] = swap();
    await whileDamaged(file, bytes, () => isFound(one.id));
  },
  TEST_MS,
);

it(
  'finds an object that is cut',
  async () => {
    const cut = one.dump.bytes.subarray(0, -100);
    // The endpoint promises all bytes and ends before: only S3 itself would tell of another size.
    const code = expect.stringMatching(/^(backup_damaged|unavailable)$/);
    await whileDamaged(one.dump, cut, () => isFound(one.id, code));
  },
  TEST_MS,
);

it(
  'finds a record that names another manifest, or another hash of it',
  async () => {
    await rewriteRecord(one.id, 'sha256', other.manifestSha256);
    await isFound(one.id);
    await rewriteRecord(one.id, 'sha256', one.manifestSha256);
    await rewriteRecord(one.id, 'key', `databases/${databaseId}/backups/${other.id}/manifest.json`);
    await isFound(one.id);
    await rewriteRecord(one.id, 'key', `databases/${databaseId}/backups/${one.id}/manifest.json`);
    expect(await verified(one.id)).toMatchObject({ verification: { state: 'passed' } });
  },
  TEST_MS,
);

it(
  'finds an object that is gone, and an old version put back in its place',
  async () => {
    const Key = other.dumpKey;
    const { Versions: [{ VersionId } = {}] = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }),
    );
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
    await isFound(other.id);
    for (const { bytes } of [one.dump, other.dump]) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes, IfNoneMatch: '*' }));
      await isFound(other.id);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    }
  },
  TEST_MS,
);

it(
  'leaves a backup that was damaged for a while as good as it was',
  async () => {
    expect(await verified(one.id)).toMatchObject({ verification: { state: 'passed' } });
    const before = await changes();
    expect(await laptop.restore(one.id, order())).toMatchObject({ state: 'completed' });
    expect(await changes()).not.toEqual(before);
    expect(await asRoot('SELECT COUNT(*) AS rows_ FROM kept.items')).toEqual([{ rows_: 500 }]);
  },
  TEST_MS,
);

it(
  'finds damage in every object of format parallel, and in every part of it',
  async () => {
    await asRoot(
      'CREATE TABLE shop.noise (id INT PRIMARY KEY, bytes BLOB)',
      // More than two parts: such rows cannot be compressed.
      'INSERT INTO shop.noise SELECT seq, RANDOM_BYTES(1024) FROM shop.seq_1_to_18000',
      'USE shop',
      'CREATE TRIGGER noted AFTER DELETE ON noise FOR EACH ROW DELETE FROM items WHERE id = OLD.id',
      'CREATE OR REPLACE TABLE kept.witness (id INT)',
      'INSERT INTO kept.witness VALUES (1)',
    );
    const { id, manifest, sha256 } = await backedUp('parallel');
    const files = manifest.schemas.flatMap(filesOf);
    const parts = files.flatMap((file) => file.parts.map((part) => ({ key: file.key, part })));
    expect([files.length, parts.length]).toEqual([4, 6]);
    for (const { key, part } of parts) {
      const file = fileOf(part.sha256);
      const bit = (file.bytes.length >> 1) * 8;
      await whileDamaged(file, flipped(file.bytes, bit), () => isFound(id)).catch((error: unknown) => {
        throw new Error(`part ${part.number} of ${key} was damaged`, { cause: error });
      });
    }
    const itself = fileOf(sha256);
    await whileDamaged(itself, flipped(itself.bytes, 8_000), () => isFound(id));

    expect(await verified(id)).toMatchObject({ verification: { state: 'passed' } });
    expect(await laptop.restore(id, order())).toMatchObject({
      state: 'completed',
      restored: [
        {
          source: 'shop',
          target: 'kept',
          tables: [
            { name: 'items', content: 'same' },
            { name: 'noise', rows: 18_000, content: 'same' },
          ],
        },
      ],
    });
  },
  TEST_MS,
);
