import { prepare } from '../../../local/set-up/prepare.ts';

it(
  'obtains every part, timed and printed apart, and at once the second time',
  async () => {
    const parts = ['layer', 'embedded-mariadb', 'mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const;
    await prepare({ parts, print: () => undefined });
    const lines: string[] = [];
    const start = performance.now();
    const prepared = await prepare({ parts, print: (line) => lines.push(line) });
    expect(performance.now() - start).toBeLessThan(100);
    expect(prepared.map(({ part, how }) => [part, how])).toEqual(parts.map((part) => [part, 'cached']));
    expect(lines.filter((line) => /^set-up: .* 0\.\d s \(cached\)$/.test(line))).toHaveLength(parts.length);
  },
  15 * 60_000,
);
