import { estimateTimes, refuseTooLarge } from '../../../../functions/engine/catalogue/estimate.ts';

const RATES = { dumpBytesPerSecond: 20e6, loadBytesPerSecond: 5e6 };

describe('the estimate', () => {
  it('lets through what fits both ways', () => {
    expect(estimateTimes(4e9, RATES)).toEqual({ sizeBytes: 4e9, dumpSeconds: 200, loadSeconds: 800 });
    expect(() => refuseTooLarge(estimateTimes(4e9, RATES), 800)).not.toThrow();
  });

  it.each([
    ['could be dumped but not loaded', RATES],
    ['could be loaded but not dumped', { dumpBytesPerSecond: 5e6, loadBytesPerSecond: 20e6 }],
  ])('refuses what %s, with both figures', (_, rates) => {
    const estimate = estimateTimes(4e9, rates);
    expect(() => refuseTooLarge(estimate, 799)).toThrow(
      expect.objectContaining({ code: 'too_large_for_sql', details: { ...estimate, workerSeconds: 799 } }),
    );
    expect(() => refuseTooLarge(estimate, 799)).toThrow(/200 s.*800 s|800 s.*200 s/);
  });
});
