import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { CACHE_FOLDER } from '../../../layers/cache.ts';
import { readElf } from '../../../layers/elf.ts';
import { assembleLayer } from '../../../layers/mysql-client/assemble.ts';
import { buildLayer } from '../../../layers/mysql-client/build.ts';
import { type LayerArchitecture, SIZE_LIMIT_BYTES } from '../../../layers/mysql-client/contents.ts';
import { hashTree } from '../../../layers/mysql-client/freeze-tree.ts';
import { layerFolder, layerStatus, parseDescription } from '../../../layers/mysql-client/status.ts';

const SET_UP_MS = 15 * 60_000;

describe.each(['x86_64', 'arm64'] as const)('the layer for %s', (architecture) => {
  let root: string;
  let files: string[];
  beforeAll(async () => {
    await buildLayer(architecture);
    root = join(layerStatus(architecture).folder, 'mysql-client');
    files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
      statSync(join(root, path)).isFile(),
    );
  }, SET_UP_MS);

  it('is under its size', () => {
    const sizeBytes = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
    expect(sizeBytes).toBeGreaterThan(40_000_000);
    expect(sizeBytes).toBeLessThan(SIZE_LIMIT_BYTES);
  });

  it.each(['mariadb', 'mysql'])(
    'brings every library that a program, plugin or library of %s needs',
    (maker) => {
      const libraries = readdirSync(join(root, maker, 'lib'));
      const binaries = files.filter((path) => new RegExp(`^${maker}/(bin|lib|plugin)/`).test(path));
      expect(binaries.length).toBeGreaterThan(15);
      for (const path of binaries) {
        const elf = readElf(readFileSync(join(root, path)));
        expect({ path, architecture: elf?.architecture }).toEqual({ path, architecture });
        expect({ path, missing: elf?.needed.filter((name) => !libraries.includes(name)) }).toEqual({
          path,
          missing: [],
        });
      }
    },
  );

  it('holds a licence for every package that gave a program or library', () => {
    const { packages, programs } = parseDescription(readFileSync(join(root, 'layer.json'), 'utf8'));
    const licences = readdirSync(join(root, 'licences')).map((name) =>
      name.replace(/^\w+?-(.*)\.txt$/, '$1'),
    );
    const named = packages.map(({ name }) => name).filter((name) => name !== 'ca-certificates');
    expect(licences.sort()).toEqual(named.sort());
    expect(programs).toEqual({
      mariadb: expect.stringMatching(/^11\.8\./),
      mysql: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it.each([
    ['mariadb', 'trixie'],
    ['mysql', 'sid'],
  ])('gives %s the output buffer of %s, from which its C library is', (maker, suite) => {
    expect(files).toContain(`${maker}/lib/libstdbuf.so`);
    expect(files).toContain(`licences/${maker}-coreutils.txt`);
    const { packages } = parseDescription(readFileSync(join(root, 'layer.json'), 'utf8'));
    const names = packages.filter((one) => one.suite === suite).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['coreutils', 'libc6']));
  });

  it('trusts public and Amazon RDS authorities, each of which parses', () => {
    const bundle = readFileSync(join(root, 'ca/bundle.pem'), 'utf8');
    const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    expect(certificates.join('')).toBe(bundle);
    expect(certificates.length).toBeGreaterThan(200);
    expect(() => createSecureContext({ ca: certificates })).not.toThrow();
  });

  it('carries no name of the machine or folder where it was built', () => {
    for (const path of ['layer.json', 'ca/bundle.pem']) {
      expect(readFileSync(join(root, path), 'utf8')).not.toContain(CACHE_FOLDER);
    }
  });
});

it(
  'the same packages make the same bytes, modes and times',
  async () => {
    await buildLayer('arm64');
    const built = layerFolder('arm64');
    const packagesOf = (folder: string) => readFileSync(join(folder, 'mysql-client/layer.json'), 'utf8');
    const scratch = mkdtempSync(join(tmpdir(), 'safebase-build-'));
    const first = await assembleInto(join(scratch, 'first'), 'arm64');
    // Where Debian has replaced a package since the layer was built, two new ones are compared.
    const isSame = packagesOf(first) === packagesOf(built);
    const second = isSame ? built : await assembleInto(join(scratch, 'second'), 'arm64');
    expect(packagesOf(first)).toBe(packagesOf(second));
    expect(await hashTree(first)).toBe(await hashTree(second));
    rmSync(scratch, { recursive: true });
  },
  SET_UP_MS,
);

async function assembleInto(folder: string, architecture: LayerArchitecture): Promise<string> {
  mkdirSync(folder);
  await assembleLayer({ architecture, folder, cacheFolder: CACHE_FOLDER });
  return folder;
}
