/** A backup in format `parallel`, as everybody reads it who needs no server. */
import { downloadBackup } from '../../../functions/core/download-backup.ts';
import type { ParallelSchema } from '../../../functions/core/manifest.ts';
import { parseManifest } from '../../../functions/core/parse-manifest.ts';
import { recordOfManifest } from '../../../functions/core/record-of-manifest.ts';
import { askManifest } from '../../../functions/core/told-by-manifest.ts';
import { verifyBackup } from '../../../functions/core/verify-backup.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { parallelBackup } from '../../fixtures/parallel-backup.ts';

const options = { signal: new AbortController().signal, onProgress: () => {} };

async function scene(change?: (schema: ParallelSchema) => ParallelSchema) {
  const ports = corePorts();
  const database = await registered(ports);
  return { ports, backup: await parallelBackup(ports, database, change) };
}

/** The bytes of the object whose key ends so. */
function objectOf({ ports }: Awaited<ReturnType<typeof scene>>, end: string) {
  const [found] = [...ports.objects.stored].filter(([name]) => name.split(' ')[0]?.endsWith(end));
  if (found === undefined) throw new Error(`no object ${end}`);
  return { name: found[0], key: found[0].split(' ')[0] ?? '', body: found[1] };
}

describe('a backup in format parallel', () => {
  it('is read whole: definitions, rows, and what comes after them', async () => {
    const { ports, backup } = await scene();
    let last = [0, 0];
    const onProgress = (...told: [number, number]) => {
      last = told;
    };
    expect(await verifyBackup(ports.objects, backup, { ...options, onProgress })).toEqual({ bytesOnly: [] });
    const stored = [...ports.objects.stored].filter(([name]) => name.includes('/schemas/'));
    const bytes = stored.reduce((total, [, body]) => total + body.length, 0);
    expect(stored).toHaveLength(4);
    expect(last).toEqual([bytes, bytes]);
  });

  it('is refused for every single bit, wherever it lies', async () => {
    const { ports, backup } = await scene();
    for (const [name, body] of [...ports.objects.stored]) {
      for (let at = 0; at < body.length * 8; at += 13) {
        const changed = Buffer.from(body);
        changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
        ports.objects.stored.set(name, changed);
        const error: unknown = await verifyBackup(ports.objects, backup, options).catch((thrown) => thrown);
        expect([name, at, error]).toEqual([name, at, expect.objectContaining({ code: 'backup_damaged' })]);
      }
      ports.objects.stored.set(name, body);
    }
    expect(await verifyBackup(ports.objects, backup, options)).toEqual({ bytesOnly: [] });
  });

  it.each(['schema.sql.zst', 'rows/0/1.tsv.zst', 'objects.sql.zst'])('is refused without %s', async (end) => {
    const at = await scene();
    const { name } = objectOf(at, end);
    at.ports.objects.stored.delete(name);
    await expect(verifyBackup(at.ports.objects, at.backup, options)).rejects.toMatchObject({
      code: 'backup_damaged',
    });
    expect(await askManifest(at.ports.objects, at.backup)).toBeUndefined();
  });

  const firstTable =
    (change: (table: ParallelSchema['tables'][number]) => object) =>
    (schema: ParallelSchema): ParallelSchema => ({
      ...schema,
      tables: schema.tables.map((table, place) => (place === 0 ? { ...table, ...change(table) } : table)),
    });
  const firstChunk = (change: object) =>
    firstTable(({ chunks }) => ({
      chunks: chunks.map((chunk, place) => (place === 0 ? { ...chunk, ...change } : chunk)),
    }));
  it.each<[string, (schema: ParallelSchema) => ParallelSchema, RegExp]>([
    [
      'a chunk',
      firstTable(({ chunks }) => ({ chunks: chunks.slice(0, 1) })),
      /chunks of `items` are not all/,
    ],
    ['rows of a table', firstTable(() => ({ rows: 4 })), /chunks of `items` are not all/],
    ['rows of a chunk', firstChunk({ rows: 1 }), /chunks of `items` are not all/],
    [
      'rows of a chunk and their sum',
      (schema) => firstTable(() => ({ rows: 2 }))(firstChunk({ rows: 1 })(schema)),
      /rows are not those/,
    ],
    ['a fingerprint', firstChunk({ fingerprint: '0'.repeat(32) }), /chunks of `items` are not all/],
    [
      'the rows of a table',
      (schema) => ({ ...schema, tables: schema.tables.slice(0, 1) }),
      /nothing is stored of the table `nothing`/,
    ],
    [
      'the definition of a table',
      firstTable(() => ({ name: 'gone' })),
      /no definition makes the table `gone`/,
    ],
    ['objects', (schema) => ({ ...schema, counts: { ...schema.counts, triggers: 1 } }), /0 of 1 triggers/],
  ])('is refused where the manifest says otherwise of %s', async (_, change, reason) => {
    const { ports, backup } = await scene(change);
    await expect(verifyBackup(ports.objects, backup, options)).rejects.toMatchObject({
      code: 'backup_damaged',
      message: expect.stringMatching(reason),
    });
  });

  it('is told by its manifest alone, which leads nowhere else', async () => {
    const at = await scene();
    const { key, body } = objectOf(at, 'manifest.json');
    const manifest = parseManifest(key, body);
    expect(manifest).toEqual(JSON.parse(body.toString()));
    const [schema] = manifest.schemas;
    expect(recordOfManifest(manifest)).toMatchObject({ schemas: [{ name: 'shop', counts: schema?.counts }] });
    expect(recordOfManifest(manifest).schemas?.[0]).not.toHaveProperty('tables');
    const told = await askManifest(at.ports.objects, at.backup);
    expect(told?.result.sizeBytes).toBe(recordOfManifest(manifest).sizeBytes);
    const moved = (from: string, to: string) => () =>
      parseManifest(key, Buffer.from(body.toString().replace(from, to)));
    // Numbers of chunks without rows are left out.
    expect(moved('rows/0/1.tsv', 'rows/0/7.tsv')).not.toThrow();
    const again = body.toString().replaceAll('/schemas/', '/attempt-2/schemas/');
    expect(() => parseManifest(key, Buffer.from(again))).toThrow(/belongs elsewhere/);
    const told2 = parseManifest(key, Buffer.from(again.replace('"losses"', '"attempts":2,"losses"')));
    expect(recordOfManifest(told2)).toMatchObject({ attempts: 2 });
    for (const to of ['rows/0/1.tsv', 'rows/0/9.tsv', 'rows/1/0.tsv', 'rows/0/00.tsv', 'rows/0/x.tsv']) {
      expect(moved('rows/0/0.tsv', to)).toThrow(/belongs elsewhere/);
    }
  });

  it('can be fetched object by object', async () => {
    const { ports, backup } = await scene();
    const links = { sign: async ({ key }: { readonly key: string }) => `https://links/${key}` };
    const { dumps } = await downloadBackup({ ...ports, links }, backup.id);
    expect(dumps.map(({ fileName }) => fileName)).toEqual([
      'shop.schema.sql.zst',
      'shop.rows.0.0.tsv.zst',
      'shop.rows.0.1.tsv.zst',
      'shop.objects.sql.zst',
    ]);
  });

  it('tells how to fetch more objects than one answer can name', async () => {
    const many = (count: number) =>
      firstTable(({ chunks: [chunk] }) => ({
        chunks: Array.from({ length: count }, (_, place) => ({
          ...chunk,
          key: chunk?.key.replace(/0\.tsv/, `${place}.tsv`),
        })),
      }));
    const links = { sign: async ({ key }: { readonly key: string }) => `https://links/${key}` };
    const most = await scene(many(1_998));
    expect((await downloadBackup({ ...most.ports, links }, most.backup.id)).dumps).toHaveLength(2_000);
    const { ports, backup } = await scene(many(1_999));
    await expect(downloadBackup({ ...ports, links }, backup.id)).rejects.toMatchObject({
      code: 'too_many_files',
      hint: expect.stringContaining(
        `aws s3 cp --recursive s3://BUCKET/databases/${backup.databaseId}/backups/${backup.id}/`,
      ),
    });
  });
});
