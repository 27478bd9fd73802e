import type { SqlConnector } from '../../../functions/core/ports.ts';
import {
  compareTarget,
  prepareSchema,
  refuseOtherCounts,
  type TargetSchema,
} from '../../../functions/core/prepare-target.ts';
import type { Endpoint, SqlRow } from '../../../functions/engine/connection.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';
import { SafeBaseError } from '../../../functions/errors.ts';

const COUNTS = { ...NO_OBJECTS, tables: 1 };
const SCHEMA: TargetSchema = {
  contents: {
    name: 'shop',
    characterSet: 'utf8mb4',
    collation: 'utf8mb4_bin',
    comment: '',
    counts: COUNTS,
    notOfOneInstant: [],
    brokenViews: [],
    definers: [],
    tables: [{ name: 'orders', rows: 4 }],
  },
  target: 'copy',
  action: 'create',
};
const ENDPOINT: Endpoint = {
  host: 'localhost',
  addresses: ['127.0.0.1'],
  port: 3306,
  username: 'restore',
  password: '',
  tls: { mode: 'off' },
};

/** A server with one table of so many rows. */
function serverWith(rows: number): SqlConnector {
  const answers: readonly [RegExp, readonly SqlRow[]][] = [
    [/TABLE_TYPE AS kind/, [{ kind: 'BASE TABLE', n: '1' }]],
    [/FROM `copy`\.`orders`$/, [{ n: String(rows) }]],
  ];
  const query = async (sql: string) => answers.find(([asked]) => asked.test(sql))?.[1] ?? [];
  return {
    connect: async () => ({ connectionId: '1', query, close: async () => {} }),
    openStatements: () => Promise.reject(new Error('nothing is loaded here')),
    openRows: () => Promise.reject(new Error('nothing is read here')),
    openLoad: () => Promise.reject(new Error('nothing is loaded here')),
    withPooled: () => Promise.reject(new Error('nothing is asked twice here')),
  };
}

const compare = (rows: number) =>
  compareTarget(serverWith(rows), ENDPOINT, SCHEMA, new AbortController().signal);

describe('compareTarget', () => {
  it('takes a target with all objects and rows', async () => {
    await expect(compare(4)).resolves.toBeUndefined();
  });

  it.each([3, 5])('refuses one with %d rows where the dump holds 4', async (rows) => {
    await expect(compare(rows)).rejects.toMatchObject({
      code: 'counts_differ',
      message: `schema copy holds table \`orders\` ${rows} of 4 rows`,
    });
  });
});

describe('refuseOtherCounts', () => {
  const check = (rows: number) =>
    refuseOtherCounts(SCHEMA, { created: COUNTS, tables: [{ name: 'orders', rows }] });

  it('takes a dump that holds what the manifest says', () => {
    expect(() => check(4)).not.toThrow();
  });

  it.each([
    ['other rows', () => check(3)],
    ['other objects', () => refuseOtherCounts(SCHEMA, { created: { ...COUNTS, tables: 2 }, tables: [] })],
    ['no rows of a table', () => refuseOtherCounts(SCHEMA, { created: COUNTS, tables: [] })],
  ])('refuses a dump that holds %s', (_, refused) => {
    expect(refused).toThrow(expect.objectContaining({ code: 'backup_damaged' }));
  });
});

describe('prepareSchema', () => {
  it.each([
    ['makes', /^DROP/, ['DROP DATABASE `copy`']],
    ['drops', /SCHEMATA/, []],
  ])('%s nothing after the end of its time', async (_, last, changes) => {
    const over = new AbortController();
    const asked: string[] = [];
    const query = async (sql: string): Promise<SqlRow[]> => {
      asked.push(sql);
      if (last.test(sql)) over.abort(new SafeBaseError('fenced', 'another worker has it'));
      return /SCHEMATA/.test(sql) ? [{ name: 'copy' }] : [];
    };
    const connector = {
      ...serverWith(0),
      connect: async () => ({ connectionId: '1', query, close: async () => {} }),
    };
    const schema: TargetSchema = { ...SCHEMA, action: 'replace' };
    const prepared = prepareSchema(connector, ENDPOINT, schema, 'mysql', over.signal);
    await expect(prepared).rejects.toMatchObject({ code: 'fenced' });
    expect(asked.filter((sql) => /^(?:DROP|CREATE|ALTER)/.test(sql))).toEqual(changes);
  });
});
