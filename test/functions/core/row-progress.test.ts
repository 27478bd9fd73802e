import { rowProgress } from '../../../functions/core/row-progress.ts';
import type { Work } from '../../../functions/core/run.ts';

it('tells one number for pieces that are read side by side', () => {
  const told: Work[] = [];
  const { begin } = rowProgress((work) => void told.push(work), {
    tablesTotal: 2,
    textBytes: 100,
    bytesEstimated: 1_000,
  });
  const [first, second] = [begin(), begin()];
  first.onProgress(1, 10);
  second.onProgress(2, 20);
  first.onProgress(3, 30);
  // The last piece of its table, and one behind which another follows.
  first.through(4, 40, true);
  second.through(2, 20, false);
  const all = { phase: 'dump', bytesEstimated: 1_000, tablesTotal: 2 };
  expect(told).toEqual([
    { ...all, bytesDone: 110, rowsDone: 1, tablesDone: 0 },
    { ...all, bytesDone: 130, rowsDone: 3, tablesDone: 0 },
    { ...all, bytesDone: 150, rowsDone: 5, tablesDone: 0 },
    { ...all, bytesDone: 160, rowsDone: 6, tablesDone: 1 },
    { ...all, bytesDone: 160, rowsDone: 6, tablesDone: 1 },
  ]);
});
