import { longRowsOf } from '../../../../functions/engine/parallel/long-rows.ts';
import { InsertText } from '../../../../functions/engine/rows/insert-text.ts';
import type { RowTable } from '../../../../functions/engine/rows/table-rows.ts';

const column = (name: string, type: string) => ({ name, type, fullType: type });
const pages: RowTable = {
  schema: 'shop',
  name: 'pages',
  columns: [column('id', 'int'), column('words', 'longtext'), column('doc', 'json')],
  hasGenerated: false,
};
const inserts = { product: 'mysql', takesLocalRows: false, maxAllowedPacketBytes: 1000 } as const;
const loads = { ...inserts, takesLocalRows: true };

it.each(["1\tit's\\\\ Bob's\t{}", '1\t\\N\t\\N', `1\t${"'".repeat(500)}\t[]`])(
  'a row by INSERT needs a packet for its statement, whatever it holds: %s',
  (line) => {
    const text = new InsertText('mysql', pages, 100);
    const [{ statement } = { statement: Buffer.alloc(0) }] = [
      ...text.take(Buffer.from(`${line}\n`)),
      ...text.end(),
    ];
    const told = longRowsOf(inserts, pages)?.packetFor(Buffer.from(line)) ?? 0;
    expect(told).toBeGreaterThan(statement.length);
    expect(told - statement.length).toBeLessThan(100);
  },
);

it('lines that cannot be too long in any statement are passed over', () => {
  const long = longRowsOf(inserts, pages);
  const line = Buffer.from(`1\t${"'".repeat(Math.ceil(long?.fromBytes ?? 0) - 3)}\t`);
  expect(line.length - 1).toBeLessThan(long?.fromBytes ?? 0);
  expect(long?.packetFor(line.subarray(1))).toBeLessThanOrEqual(1000);
});

it('of a row by LOAD DATA only what a function makes must fit into a packet, without its escapes', () => {
  const line = Buffer.from(`1\t${'x'.repeat(5000)}\t["a\\\\"b"]`);
  expect(longRowsOf(loads, pages)?.packetFor(line)).toBe('["a\\"b"]'.length);
  const plain = { ...pages, columns: pages.columns.slice(0, 2) };
  expect(longRowsOf(loads, plain)).toBeUndefined();
  expect(longRowsOf({ ...loads, product: 'mariadb' }, pages)).toBeUndefined();
});
