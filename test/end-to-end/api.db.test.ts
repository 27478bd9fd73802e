import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { waitUntil } from '../local/wait-until.ts';
import { type Laptop, startLaptop } from './laptop.ts';

/** A busy machine starts functions slowly. */
const TEST_MS = 120_000;
const CANARY_PASSWORD = 'canary-password-1f8e';

describe('the API over HTTP', () => {
  let laptop: Laptop;
  let server: RunningServer;
  let fields: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({ engine: await obtainEngine('mariadb-11.8'), dataFolder: temporaryFolder() });
    const admin = await server.connect();
    await admin.query('CREATE DATABASE shop');
    await admin.query('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(99))');
    await admin.query("INSERT INTO shop.t VALUES (1, 'canary-row-77aa')");
    await admin.query(`CREATE USER backup IDENTIFIED BY '${CANARY_PASSWORD}'`);
    await admin.query('GRANT ALL ON *.* TO backup');
    await admin.end();
    fields = {
      name: 'Shop & Söhne',
      host: 'localhost',
      port: server.port,
      schemas: ['shop'],
      tls: { mode: 'verify', ca: readFileSync(server.caFile, 'utf8') },
    };
  }, 240_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  const register = async (): Promise<string> => {
    const backupCredentials = { username: 'backup', password: CANARY_PASSWORD };
    const { status, body } = await laptop.api('POST', '/databases', { ...fields, backupCredentials });
    expect(status).toBe(201);
    return body.id;
  };

  it(
    'keeps a database from its registration to its end',
    async () => {
      const backupCredentials = { username: 'backup', password: CANARY_PASSWORD };
      const made = await laptop.api('POST', '/databases', { ...fields, backupCredentials });
      const path = `/databases/${made.body.id}`;
      expect(made).toMatchObject({ status: 201, body: { ...fields, network: 'public', version: 1 } });
      expect(made.body.backupCredentials).toEqual({ username: 'backup', managed: true });
      expect(made.headers.get('location')).toBe(path);

      const tested = await laptop.api('POST', `${path}/test`);
      expect(tested).toMatchObject({
        status: 200,
        body: { ok: true, schemas: ['shop'], tls: { mode: 'verify' } },
      });
      const seen = await laptop.api('GET', path);
      expect(seen.body).toMatchObject({ server: { product: 'mariadb', support: 'tested' } });
      const etag = seen.headers.get('etag') ?? '';

      expect(await laptop.api('PUT', path, fields)).toMatchObject({ status: 428 });
      expect(await laptop.api('PUT', path, fields, { 'if-match': '"1"' })).toMatchObject({ status: 412 });
      const wrong = { ...fields, backupCredentials: { username: 'backup', password: 'wrong' } };
      const changed = await laptop.api('PUT', path, wrong, { 'if-match': etag });
      expect(changed.status).toBe(200);
      expect((await laptop.api('POST', `${path}/test`)).body).toMatchObject({
        ok: false,
        failure: { code: 'credentials_rejected' },
      });
      const right = { ...fields, tls: { mode: 'off' }, backupCredentials };
      const open = await laptop.api('PUT', path, right, { 'if-match': changed.headers.get('etag') ?? '' });
      expect(open.body.tls).toEqual({ mode: 'off' });
      expect((await laptop.api('POST', `${path}/test`)).body).toMatchObject({
        ok: true,
        tls: { mode: 'off' },
      });

      expect(
        (await laptop.api('GET', '/databases')).body.items.map(({ id }: { id: string }) => id),
      ).toContain(made.body.id);
      expect(await laptop.api('DELETE', path)).toMatchObject({
        status: 200,
        body: { backupsQueuedForDeletion: 0 },
      });
      expect(await laptop.api('GET', path)).toMatchObject({ status: 404 });
      expect(await laptop.api('DELETE', path)).toMatchObject({ status: 404 });
    },
    TEST_MS,
  );

  it(
    'says which grants are missing, and what cannot be reached',
    async () => {
      const admin = await server.connect();
      await admin.query(`CREATE USER reader IDENTIFIED BY '${CANARY_PASSWORD}'`);
      await admin.query('GRANT SELECT ON shop.* TO reader');
      await admin.end();
      const test = async (more: object) => {
        const backupCredentials = { username: 'reader', password: CANARY_PASSWORD };
        const { body } = await laptop.api('POST', '/databases', { ...fields, backupCredentials, ...more });
        return (await laptop.api('POST', `/databases/${body.id}/test`)).body;
      };
      const lacking = await test({});
      expect(lacking).toMatchObject({
        ok: false,
        failure: { code: 'insufficient_privileges' },
        schemas: ['shop'],
      });
      expect(lacking.missingGrants.join()).toMatch(/GRANT .*TRIGGER.* ON `shop`/);
      expect(await test({ schemas: ['other'] })).toMatchObject({
        ok: false,
        failure: { code: 'schema_unknown' },
      });
      expect(await test({ host: 'no-such-host.invalid' })).toMatchObject({
        failure: { code: 'host_unknown' },
      });
      expect(await test({ tls: { mode: 'verify' } })).toMatchObject({ failure: { code: 'tls_failed' } });
    },
    TEST_MS,
  );

  it(
    'hands out a backup for a while, and takes it away for good',
    async () => {
      const databaseId = await register();
      const { id, state } = await laptop.backUp(databaseId);
      expect(state).toBe('completed');
      const filter = `/backup?databaseId=${databaseId}`;
      expect((await laptop.api('GET', `${filter}&state=completed`)).body.items).toMatchObject([{ id }]);
      expect((await laptop.api('GET', `${filter}&state=failed`)).body.items).toEqual([]);

      const { body } = await laptop.api('GET', `/backup/${id}/download`);
      const [{ url, sha256, sizeBytes }] = body.dumps;
      expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(900_000);
      const file = await fetch(url);
      const bytes = Buffer.from(await file.arrayBuffer());
      expect(file.headers.get('content-disposition')).toContain('shop.schema.sql.zst');
      expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([sizeBytes, sha256]);
      expect((await fetch(url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=99999'))).status).toBe(403);

      expect(await laptop.api('DELETE', `/databases/${databaseId}`)).toMatchObject({
        status: 409,
        body: { code: 'database_has_backups' },
      });
      expect(await laptop.api('DELETE', `/databases/${databaseId}?backups=delete`)).toMatchObject({
        status: 200,
        body: { backupsQueuedForDeletion: 1 },
      });
      const isDeleted = async (): Promise<boolean> =>
        (await laptop.api('GET', `/backup/${id}`)).body.state === 'deleted';
      await waitUntil(isDeleted, 'it is deleted', { withinMs: 60_000 });
      expect((await fetch(url)).status).toBe(404);
      expect(await laptop.api('GET', `/backup/${id}/download`)).toMatchObject({ status: 409 });
      expect(await laptop.api('POST', `/restore/${id}`, { databaseId: await register() })).toMatchObject({
        status: 409,
        body: { code: 'backup_not_restorable' },
      });
    },
    TEST_MS,
  );

  it(
    'answers what the gateway hands on, with code and hint',
    async () => {
      for (const [method, path, body, status, code] of [
        ['POST', '/databases', '{', 400, 'malformed_json'],
        ['POST', '/databases', { ...fields, name: 'x'.repeat(70_000) }, 413, 'body_too_large'],
        ['POST', '/databases', { ...fields, port: 99_999 }, 400, 'invalid_request'],
        ['POST', '/databases', { ...fields, name: "a'b" }, 400, 'invalid_request'],
        ['GET', '/databases?cursor=x', undefined, 400, 'bad_cursor'],
        ['GET', '/databases?limit=1000', undefined, 400, 'invalid_request'],
        ['GET', '/backup/bk_01J00000000000000000000000', undefined, 404, 'not_found'],
        ['GET', "/backup/'%20OR%201", undefined, 404, 'not_found'],
        ['POST', '/backup', { databaseId: 'db_01J00000000000000000000000' }, 404, 'not_found'],
        [
          'POST',
          '/restore/bk_01J00000000000000000000000',
          { databaseId: 'db_01J00000000000000000000000' },
          404,
          'not_found',
        ],
        ['GET', '/nothing', undefined, 404, 'not_found'],
        ['PATCH', '/backup', undefined, 405, 'method_not_allowed'],
      ] as const) {
        const answer = await laptop.api(method, path, body);
        expect([path, answer.status, answer.body.code]).toEqual([path, status, code]);
        expect(answer.body.hint && answer.body.requestId).toBeTruthy();
        expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      }
    },
    TEST_MS,
  );

  it(
    'lets nobody in without a token, and a viewer only look',
    async () => {
      const { token } = (await laptop.cloud.invoke('admin-token', { name: 'v', role: 'viewer' })) as {
        token: string;
      };
      const as = (authorization: string) => ({ authorization });
      for (const header of ['', 'Bearer x', `Bearer ${token.slice(0, -1)}`, `Bearer ${token}x`]) {
        expect(await laptop.api('GET', '/backup', undefined, as(header))).toMatchObject({ status: 401 });
      }
      const viewer = as(`Bearer ${token}`);
      expect(await laptop.api('GET', '/backup', undefined, viewer)).toMatchObject({ status: 200 });
      expect(await laptop.api('POST', '/backup', { databaseId: await register() }, viewer)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
      const health = await fetch(`${laptop.cloud.apiUrl}/health`);
      expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    },
    TEST_MS,
  );

  it(
    'leaves no password, token, row or signed address in any log or record',
    async () => {
      const databaseId = await register();
      const { id } = await laptop.backUp(databaseId);
      const { body } = await laptop.api('GET', `/backup/${id}/download`);
      const { token } = (await laptop.cloud.invoke('admin-token', { name: 'c' })) as { token: string };
      await laptop.api('GET', '/backup', undefined, { authorization: `Bearer ${token}` });
      const secret = token.split('_').slice(2).join('_');
      const signature = new URL(body.dumps[0].url).searchParams.get('X-Amz-Signature') ?? '';
      const canaries = [CANARY_PASSWORD, 'canary-row-77aa', secret, signature];

      const files = filesUnder(laptop.dataFolder).filter((file) => /\/(logs|dynamodb)\//.test(file));
      expect(files.some((file) => file.includes('/logs/'))).toBe(true);
      for (const file of files) {
        const content = readFileSync(file, 'latin1');
        for (const canary of canaries) expect([file, content.includes(canary)]).toEqual([file, false]);
      }
    },
    TEST_MS,
  );
});

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
