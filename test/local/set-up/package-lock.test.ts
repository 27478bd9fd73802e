import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

interface LockEntry {
  readonly version: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  /** Part of the archive of another package, whose hash covers it. */
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockEntry>;
};

describe('package-lock.json', () => {
  it('names the optional packages of every platform, without which npm ci refuses it (npm run lock:complete)', () => {
    const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(20);
  });

  it('has a hash for every package but those of platforms that the registry at hand lacked', () => {
    const withoutHash = Object.entries(packages).filter(
      ([path, { integrity, inBundle }]) => path !== '' && !integrity && !inBundle,
    );
    expect(withoutHash.filter(([, entry]) => entry.optional !== true)).toEqual([]);
    expect(withoutHash.filter(([path]) => /linux-(x64|arm64)(-gnu)?$/.test(path))).toEqual([]);
  });
});
