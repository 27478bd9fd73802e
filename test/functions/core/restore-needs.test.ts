import type { StoredSchema } from '../../../functions/core/manifest.ts';
import { loadOf } from '../../../functions/core/restore-needs.ts';

const dumped = { dump: { dumpBytes: 3000 } } as StoredSchema;
const settings = { loadBytesPerSecond: 100 };

it.each([
  ['parallel', true, 100],
  ['parallel', false, 50],
  ['sql', false, 100],
] as const)(
  'a load of format %s, LOCAL allowed: %s, goes at %i bytes a second',
  (format, takesLocalRows, rate) => {
    const plan = { takesLocalRows, schemas: [{ stored: dumped }, { stored: dumped }] };
    expect(loadOf(plan, format, settings)).toEqual({
      bytes: 6000,
      rates: { loadBytesPerSecond: rate, dumpBytesPerSecond: Infinity },
    });
  },
);
