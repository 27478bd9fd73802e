import { parallelKeys } from '../../../functions/core/manifest.ts';
import { manifestBody, refuseLongManifest } from '../../../functions/core/manifest-size.ts';
import type { BackupPlan } from '../../../functions/core/plan-backup.ts';
import type { RowTable } from '../../../functions/engine/rows/table-rows.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { parallelBackup } from '../../fixtures/parallel-backup.ts';
import { emptySchema } from '../../fixtures/records.ts';

const planOf = (...sizes: readonly number[]): BackupPlan => ({
  server: { product: 'mariadb', version: '11.8.6', support: 'tested', identity: 'x' },
  life: { identity: 'x', startedFrom: 0, startedUntil: 0 },
  schemas: sizes.map((sizeBytes, index) => ({
    contents: emptySchema(`shop${index}`),
    sizeBytes,
    dumpInput: {
      product: 'mariadb',
      schema: `shop${index}`,
      ignoredViews: [],
      history: false,
      events: false,
      columnStatistics: false,
      isReadable: true,
    },
  })),
  losses: [],
  sizeBytes: 0,
});
const tables = (count: number, columns: number, chunks = 1) =>
  Array.from({ length: count }, (_, place) => ({ table: tableOf(place, columns), chunks }));
const tableOf = (place: number, columns: number): RowTable => ({
  schema: 'shop0',
  name: `table${place}`,
  columns: Array.from({ length: columns }, (__, at) => ({
    name: `c${at}`,
    type: 'int',
    fullType: 'int(11)',
  })),
  hasGenerated: false,
});

it('refuses what nobody would read, and says how long it would be', async () => {
  const ports = corePorts();
  const backup = await parallelBackup(ports, await registered(ports));
  const { key = '', versionId = '' } = backup.manifest ?? {};
  const manifest = JSON.parse(ports.objects.stored.get(`${key} ${versionId}`)?.toString() ?? '');
  expect(JSON.parse(manifestBody(manifest).toString())).toEqual(manifest);
  const long = { ...manifest, notCovered: ['x'.repeat(64 * 1024 * 1024)] };
  expect(() => manifestBody(long)).toThrow(
    expect.objectContaining({
      code: 'too_large_for_one_worker',
      message: expect.stringMatching(/would take 67\d{6} bytes/),
    }),
  );
});

describe('before anything is stored', () => {
  const refusal = expect.objectContaining({
    code: 'too_large_for_one_worker',
    hint: expect.stringContaining('several databases'),
  });

  it.each([
    ['10,000 tables', tables(10_000, 5), 1e9],
    ['a hundred tables of a thousand columns', tables(100, 1_000), 1e9],
  ])('takes %s', (_, some, sizeBytes) => {
    expect(() => refuseLongManifest(planOf(sizeBytes), [some])).not.toThrow();
  });

  it.each([
    ['60,000 tables', tables(60_000, 5), 1e9],
    ['a thousand tables of a thousand columns', tables(1_000, 1_000), 1e9],
    ['a hundred tables in a thousand chunks each', tables(100, 5, 1_000), 1e9],
  ])('refuses %s', (_, some, sizeBytes) => {
    expect(() => refuseLongManifest(planOf(sizeBytes), [some])).toThrow(refusal);
  });

  it('refuses more parts than it could list, over all schemas', () => {
    const sizes = Array.from({ length: 100 }, () => 64e9);
    expect(() => refuseLongManifest(planOf(...sizes), [])).toThrow(refusal);
    expect(() => refuseLongManifest(planOf(...sizes.slice(0, 10)), [])).not.toThrow();
  });
});

it('counts on keys that are no longer than the longest', async () => {
  const ports = corePorts();
  const { id, databaseId } = await parallelBackup(ports, await registered(ports));
  expect(parallelKeys(databaseId, id, 399, 3).chunk(99_999, 9_999).length).toBeLessThanOrEqual(140);
});
