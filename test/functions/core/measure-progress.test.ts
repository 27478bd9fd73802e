import { progressMeter } from '../../../functions/core/measure-progress.ts';

const START = Date.parse('2026-11-23T00:00:00.000Z');

/** What is told after these seconds. */
const told = (
  ...works: readonly [seconds: number, ...Parameters<ReturnType<typeof progressMeter>>[0][]][]
) => {
  const measure = progressMeter();
  return works.map(([seconds, work]) => work && measure(work, START + seconds * 1_000)).at(-1);
};
const dump = (bytesDone: number) => ({ phase: 'dump', bytesDone, bytesEstimated: 10_000 }) as const;

describe('the progress meter', () => {
  it('tells rate and end from the second sign of life of a phase on', () => {
    expect(told([0, dump(1_000)])).toEqual(dump(1_000));
    expect(told([0, dump(1_000)], [3, dump(4_000)])).toEqual({
      ...dump(4_000),
      bytesPerSecond: 1_000,
      estimatedEnd: '2026-11-23T00:00:09.000Z',
    });
  });

  it('measures a dump anew that begins anew', () => {
    expect(told([0, dump(0)], [3, dump(6_000)], [4, dump(100)])).toEqual(dump(100));
    expect(told([0, dump(0)], [3, dump(6_000)], [4, dump(100)], [5, dump(300)])).toMatchObject({
      bytesPerSecond: 200,
    });
  });

  it('goes by the last signs of life only', () => {
    const slow = Array.from(
      { length: 10 },
      (_, index) => [index, dump(index)] as [number, ReturnType<typeof dump>],
    );
    const fast = Array.from(
      { length: 7 },
      (_, index) => [index + 10, dump(9 + (index + 1) * 100)] as [number, ReturnType<typeof dump>],
    );
    expect(told(...slow, ...fast)).toMatchObject({ bytesPerSecond: 100 });
  });

  it.each([
    ['that stands', [0, dump(500)], [3, dump(500)], 0],
    ['that has more bytes than were estimated', [0, dump(0)], [1, dump(12_000)], 12_000],
    ['whose signs of life come at one instant', [1, dump(0)], [1, dump(12)], undefined],
  ] as const)('knows no end of a phase %s', (_, first, second, bytesPerSecond) => {
    const progress = told([...first], [...second]);
    expect(progress).not.toHaveProperty('estimatedEnd');
    expect(progress?.bytesPerSecond).toBe(bytesPerSecond);
  });

  it('measures each phase anew, and none that moves no bytes', () => {
    expect(told([0, dump(0)], [3, dump(9_000)], [6, { ...dump(10), phase: 'proof' }])).toEqual({
      ...dump(10),
      phase: 'proof',
    });
    expect(told([0, dump(0)], [3, { phase: 'compare' }])).toEqual({ phase: 'compare' });
  });
});
