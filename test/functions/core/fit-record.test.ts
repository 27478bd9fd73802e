import { fitRecord, MAX_SCHEMAS } from '../../../functions/core/fit-record.ts';
import type { RestoredSchema } from '../../../functions/core/run.ts';
import type { Loss, SchemaContents } from '../../../functions/engine/contents.ts';

const schema = (name: string, change: Partial<SchemaContents> = {}): SchemaContents => ({
  name,
  characterSet: 'utf8mb4',
  collation: 'utf8mb4_uca1400_ai_ci',
  comment: '',
  counts: {
    tables: 9_999,
    views: 9_999,
    triggers: 9_999,
    procedures: 9_999,
    functions: 9_999,
    events: 9_999,
    sequences: 9_999,
    packages: 9_999,
  },
  notOfOneInstant: [],
  brokenViews: [],
  definers: [],
  ...change,
});
const name64 = (index: number): string => `${index}`.padStart(64, 'n');
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => name64(index));
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
/** What an item of DynamoDB holds, less what else is on the record. */
const ROOM = 390_000;

describe('what is kept on the record', () => {
  it('is left as it is while it fits', () => {
    const result = { schemas: [schema('shop')], losses: [] };
    expect(fitRecord(result)).toBe(result);
  });

  it('fits with the longest lists of the most schemas, and still names every schema', () => {
    const loss: Loss = {
      kind: 'float_digits',
      schema: name64(1),
      object: name64(2),
      column: name64(3),
      effect: 'e'.repeat(200),
      certain: true,
    };
    const result = {
      losses: Array.from({ length: 5_000 }, () => loss),
      schemas: many(MAX_SCHEMAS).map((name) =>
        schema(name, {
          comment: 'c'.repeat(1_024),
          notOfOneInstant: many(1_000),
          definers: many(100),
          brokenViews: many(50).map((view) => ({ name: view, definition: 'd'.repeat(10_000) })),
        }),
      ),
    };
    const fitted = fitRecord(result);
    expect(fitted).toMatchObject({ shortened: true });
    expect(bytes(fitted)).toBeLessThan(ROOM);
    expect(fitted.losses).toHaveLength(100);
    expect(fitted.schemas?.every((fit) => fit.notOfOneInstantCount === 1_000)).toBe(true);
    expect(fitted.schemas?.map(({ name }) => name)).toEqual(result.schemas.map(({ name }) => name));
  });

  it('fits with the longest lists of a restore, and still names every schema', () => {
    const restored = many(MAX_SCHEMAS).map(
      (name): RestoredSchema => ({
        source: name,
        target: name,
        state: 'restored',
        disabledEvents: many(100),
        leftOut: many(100),
      }),
    );
    const fitted = fitRecord({ restored });
    expect(fitted).toMatchObject({ shortened: true });
    expect(bytes(fitted)).toBeLessThan(ROOM);
    expect(fitted.restored?.map(({ target }) => target)).toEqual(many(MAX_SCHEMAS));
  });

  it('keeps the tables that differ where there is no room for all', () => {
    const tables = many(5_000).map((name, index) => ({
      name,
      rows: index,
      content: index === 4_999 ? ('differs' as const) : ('same' as const),
    }));
    const restored: RestoredSchema[] = [
      { source: 'a', target: 'b', state: 'partial', disabledEvents: [], leftOut: [], tables },
    ];
    const fitted = fitRecord({ restored });
    expect(fitted).toMatchObject({ shortened: true });
    expect(bytes(fitted)).toBeLessThan(ROOM);
    expect(fitted.restored?.[0]?.tables?.[0]).toMatchObject({ rows: 4_999, content: 'differs' });
  });
});
