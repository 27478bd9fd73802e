import { openProgressLine } from '../../../local/main-job/progress-line.ts';

const outputOf = (isTTY: boolean) => {
  const written: string[] = [];
  return { isTTY, write: (text: string) => written.push(text), written };
};

describe('a progress line', () => {
  const half = { phase: 'dump', bytesDone: 12_000_000, bytesEstimated: 24_000_000 };

  it('is redrawn on a terminal, and replaced at the end', () => {
    const output = outputOf(true);
    let now = 0;
    const line = openProgressLine('backup', output, () => now);
    line.show('queued');
    now = 1_500;
    line.show(half);
    line.end('done');
    expect(output.written).toHaveLength(3);
    for (const text of output.written) expect(text.startsWith('\r')).toBe(true);
    expect(output.written[1]).toContain('[████████████············] 50 %  dump, 12 MB of about 24 MB');
    expect(output.written[2]).toMatch(/^\r.*backup +done +1\.5 s\n$/);
  });

  it('is printed every three seconds where there is no terminal', () => {
    const output = outputOf(false);
    let now = 0;
    const line = openProgressLine('backup', output, () => now);
    for (; now <= 7_000; now += 250) line.show(half);
    line.drop();
    expect(output.written).toHaveLength(2);
    for (const text of output.written) expect(text).toMatch(/^ {2}backup .* s\n$/);
  });

  it('does not run over when the estimate was too low', () => {
    const output = outputOf(true);
    openProgressLine('restore', output).show({ ...half, bytesDone: 30_000_000 });
    expect(output.written[0]).toContain('[████████████████████████] 100 %');
  });
});
