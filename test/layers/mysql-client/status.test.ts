import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  driftBetween,
  type LayerDescription,
  layerRecipe,
  layerStatus,
  readLock,
} from '../../../layers/mysql-client/status.ts';

const libssl = { name: 'libssl3t64', version: '3.5.5-1', suite: 'trixie', sha256: 'a'.repeat(64) };
const libz = { name: 'zlib1g', version: '1.3', suite: 'sid', sha256: 'b'.repeat(64) };
const layer: LayerDescription = {
  architecture: 'arm64',
  programs: { mariadb: '11.8.6', mysql: '9.7.4' },
  amazonCertificates: 'c'.repeat(64),
  packages: [libssl, libz],
};

describe('driftBetween', () => {
  it('is empty for the same packages', () => {
    expect(driftBetween(layer, structuredClone(layer))).toEqual([]);
  });

  it.each([
    [
      'a newer package',
      { packages: [{ ...libssl, version: '3.5.6-1', sha256: 'd'.repeat(64) }, libz] },
      /3\.5\.6/,
    ],
    [
      'other bytes under the same version',
      { packages: [{ ...libssl, sha256: 'd'.repeat(64) }, libz] },
      /dddd/,
    ],
    ['a package more', { packages: [libssl, libz, { ...libz, name: 'libnew' }] }, /libnew.*locked absent/],
    ['a package less', { packages: [libssl] }, /zlib1g.*built absent/],
    ['the same package from another suite', { packages: [libssl, { ...libz, suite: 'trixie' }] }, /zlib1g/],
    ['other authorities', { amazonCertificates: null }, /Amazon/],
  ])('names %s', (_, change, line) => {
    expect(driftBetween(layer, { ...layer, ...change }).join('\n')).toMatch(line);
  });
});

describe('layerStatus', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'safebase-cache-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  const build = (description: LayerDescription, recipe = layerRecipe()) => {
    const folder = join(cache, 'layers/mysql-client/arm64/mysql-client');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'layer.json'), JSON.stringify(description));
    writeFileSync(join(folder, '../../arm64.made-from'), recipe);
  };

  it('says that a layer is not built, and how to build it', () => {
    expect(layerStatus('arm64', cache)).toMatchObject({ built: false, buildCommand: 'npm run layer:build' });
  });

  it('takes a layer that was made in an older way for not built', () => {
    build(readLock().arm64, 'an older recipe');
    expect(layerStatus('arm64', cache)).toMatchObject({ built: false, drift: [] });
  });

  it('finds no drift in a layer made of the locked packages', () => {
    build(readLock().arm64);
    expect(layerStatus('arm64', cache)).toMatchObject({ built: true, drift: [] });
  });

  it('finds the drift of a layer made of other packages', () => {
    build(layer);
    expect(layerStatus('arm64', cache).drift.length).toBeGreaterThan(0);
  });
});

describe('the tracked lock', () => {
  it.each(['x86_64', 'arm64'] as const)(
    'holds version and SHA-256 of every package for %s',
    (architecture) => {
      const { packages, amazonCertificates, ...rest } = readLock()[architecture];
      expect(rest.architecture).toBe(architecture);
      expect(packages.length).toBeGreaterThan(20);
      for (const { sha256 } of packages) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(amazonCertificates).toMatch(/^[0-9a-f]{64}$/);
    },
  );
});
