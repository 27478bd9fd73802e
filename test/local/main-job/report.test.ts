import type { Difference } from '../../../local/compare/compare-contents.ts';
import type { Backup, Loss } from '../../../local/main-job/api-client.ts';
import { linesOf } from '../../../local/main-job/report.ts';

const source = {
  version: '11.8.6-MariaDB',
  facts: [],
  rows: [
    {
      schema: 'shop',
      table: 'orders',
      count: 1_234,
      sizeBytes: 2_600_000,
      digests: new BigUint64Array(),
      describe: async () => undefined,
    },
  ],
  unread: [],
  losses: [],
};
const times = { startedAt: '2026-11-22T10:00:00.000Z', endedAt: '2026-11-22T10:00:02.000Z' };
const backup: Backup = { id: 'bk', state: 'completed', ...times, sizeBytes: 1_000_000, dumpBytes: 4_000_000 };
const report = (differences: readonly Difference[], losses: Loss[] = []): readonly string[] =>
  linesOf({
    databaseId: 'db',
    backup: { ...backup, losses },
    restore: { id: 'rs', state: 'completed', ...times },
    comparison: { source, differences, sizeBytes: 5_200_000, seconds: 1 },
  });

describe('the report of the main job', () => {
  it('ends with the line that says that all is identical', () => {
    const lines = report([]);
    expect(lines.at(-1)).toBe('SafeBase: backup and restore identical (1 tables, 1234 rows, 3 MB)');
    expect(lines.join('\n')).toMatch(/backup +4,000,000 +2\.0 +2\.0/);
  });

  it('never says identical where anything differs, and shows what', () => {
    const text = report([
      { object: 'shop.orders', what: 'rows', source: '3 rows', copy: '2\u0000rows' },
    ]).join('\n');
    expect(text).not.toContain('identical');
    expect(text).toContain('shop.orders: rows');
    expect(text).toContain('copy:   2 rows');
    expect(text).toContain('differ in 1 places');
  });

  it('counts the differences that it does not show', () => {
    const difference: Difference = { object: 'a', what: 'b' };
    expect(report(Array.from({ length: 25 }, () => difference)).join('\n')).toContain('and 5 more');
  });

  it('shows every loss, and whether it is certain', () => {
    const loss = { kind: 'float_digits', schema: 's', object: 't', column: 'f', effect: 'is rounded' };
    const text = report(
      [],
      [
        { ...loss, certain: true },
        { ...loss, column: 'g', certain: false },
      ],
    ).join('\n');
    expect(text).toContain('s.t.f: is rounded\n');
    expect(text).toContain('s.t.g: is rounded (possible');
  });
});
