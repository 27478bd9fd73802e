import { estimateTimes, refuseTooLarge } from '../../../../functions/engine/catalogue/estimate.ts';

const RATES = { dumpBytesPerSecond: 20e6, loadBytesPerSecond: 5e6 };

describe('the estimate', () => {
  it('lets through what fits both ways', () => {
    expect(estimateTimes(4e9, RATES)).toEqual({ sizeBytes: 4e9, dumpSeconds: 200, loadSeconds: 800 });
    expect(() => refuseTooLarge('sql', 4e9, RATES, 800)).not.toThrow();
    expect(() => refuseTooLarge('parallel', 4e9, RATES, 800)).not.toThrow();
  });

  it.each([
    ['could be dumped but not loaded', 'sql', 'too_large_for_sql', RATES],
    [
      'could be loaded but not dumped',
      'parallel',
      'too_large_for_one_worker',
      { dumpBytesPerSecond: 5e6, loadBytesPerSecond: 20e6 },
    ],
  ] as const)('refuses what %s, with both figures and what they go by', (_, format, code, rates) => {
    const refuse = () => refuseTooLarge(format, 4e9, rates, 799.4);
    const details = { ...estimateTimes(4e9, rates), ...rates, workerSeconds: 799.4 };
    expect(refuse).toThrow(expect.objectContaining({ code, details }));
    expect(refuse).toThrow(/200 s .*at 20.0 MB a second/);
    expect(refuse).toThrow(/800 s .*at 5.0 MB a second.*one worker has 799 s/);
  });

  it('tells nothing of a dump where only a load is asked for', () => {
    const rates = { ...RATES, dumpBytesPerSecond: Infinity };
    expect(() => refuseTooLarge('parallel', 4e9, rates, 10)).toThrow(
      '4.0 GB would take about 800 s to load at 5.0 MB a second, and one worker has 10 s',
    );
  });
});
