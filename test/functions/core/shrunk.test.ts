import { fitComparison } from '../../../functions/core/fit-record.ts';
import { newBackupId } from '../../../functions/core/ids.ts';
import { compareWith, type Held, refuseEmptied, type Shrunk } from '../../../functions/core/shrunk.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';

const id = newBackupId();
const shop = (change: Partial<Held> = {}): Held => ({
  name: 'shop',
  counts: { ...NO_OBJECTS, tables: 3, triggers: 2 },
  tables: [
    { name: 'orders', rows: 500 },
    { name: 'customers', rows: 20 },
    { name: 'log', rows: 0 },
  ],
  text: sql(100_000),
  ...change,
});
/** Text of a dump. */
function sql(bytes: number) {
  return { format: 'sql' as const, bytes };
}
const empty = (name: string): Held => ({
  name,
  counts: NO_OBJECTS,
  tables: [],
  text: sql(900),
});
const former = (...schemas: readonly Held[]) => ({ id, schemas });
const rows = (orders: number) => [
  { name: 'orders', rows: orders },
  { name: 'customers', rows: 1 },
  { name: 'log', rows: 0 },
];

describe('a backup that is held against the one before', () => {
  it.each<readonly [string, Held, readonly Shrunk[]]>([
    ['as much', shop(), []],
    [
      'more',
      shop({
        counts: { ...NO_OBJECTS, tables: 4, triggers: 2 },
        text: sql(200_000),
      }),
      [],
    ],
    ['fewer rows, as long as there are any', shop({ tables: rows(1), text: sql(10_000) }), []],
    [
      'fewer objects of a kind',
      shop({ counts: { ...NO_OBJECTS, tables: 9, triggers: 1 } }),
      [{ schema: 'shop', what: 'triggers', before: 2, now: 1 }],
    ],
    [
      'a table without its rows',
      shop({ tables: rows(0) }),
      [{ schema: 'shop', what: 'rows', table: 'orders', before: 500, now: 0 }],
    ],
    ['other text in another format', shop({ text: { format: 'parallel', bytes: 9 } }), []],
    [
      'less than a tenth of the text',
      shop({ text: sql(9_999) }),
      [{ schema: 'shop', what: 'bytes', before: 100_000, now: 9_999 }],
    ],
    ['rows that nobody can read', { name: 'shop', counts: shop().counts, text: sql(100_000) }, []],
  ])('tells where it holds %s', (_, now, shrunk) => {
    const comparison = compareWith(former(shop()), [now], false);
    expect(comparison).toEqual({ comparedWith: id, ...(shrunk.length > 0 && { shrunk }) });
  });

  it('tells a whole schema that is gone, where all of them are wanted', () => {
    const before = former(shop(), empty('old'));
    expect(compareWith(before, [shop()], true)).toEqual({
      comparedWith: id,
      shrunk: [{ schema: 'old', what: 'schemas', before: 1, now: 0 }],
    });
    expect(compareWith(before, [shop()], false)).toEqual({ comparedWith: id });
  });

  it('tells nothing of a new schema, nor where there is none before, nor of what the record of that does not know', () => {
    expect(compareWith(former(), [shop()], true)).toEqual({ comparedWith: id });
    expect(compareWith(undefined, [shop()], true)).toEqual({});
    const { name, counts } = shop();
    expect(compareWith(former({ name, counts }), [shop({ tables: rows(0), text: sql(1) })], true)).toEqual({
      comparedWith: id,
    });
  });

  it('is refused where a schema has no object any more, and names the backup that has', () => {
    expect(() => refuseEmptied(former(shop()), [empty('shop')])).toThrow(
      expect.objectContaining({
        code: 'schema_emptied',
        message: `schema shop is empty, and held 5 objects in ${id}`,
        hint: expect.stringContaining('acceptEmptied'),
      }),
    );
    refuseEmptied(former(shop(), empty('tmp')), [
      shop({ counts: { ...NO_OBJECTS, views: 1 } }),
      empty('tmp'),
    ]);
    refuseEmptied(former(shop()), [empty('new')]);
  });

  it('leaves on the record what fits there, and says so', () => {
    const shrunk = Array.from({ length: 101 }, (_, at) => ({
      schema: 'shop',
      what: 'rows' as const,
      table: `t${at}`,
      before: 1,
      now: 0,
    }));
    expect(fitComparison({ comparedWith: id, shrunk: shrunk.slice(1) })).toEqual({
      comparedWith: id,
      shrunk: shrunk.slice(1),
    });
    expect(fitComparison({ comparedWith: id, shrunk })).toEqual({
      comparedWith: id,
      shrunk: shrunk.slice(0, 100),
      shortened: true,
    });
  });
});
