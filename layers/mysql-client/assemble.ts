/** Puts the layer together: programs, plugins, the libraries they need, certificates and licences. */
import { copyFile, mkdir, readlink, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type DebianPackage, dependenciesOf, unpackPackages } from '../debian-packages.ts';
import { openRepository } from '../debian-repository.ts';
import { makeBundle } from './certificates.ts';
import { collectClient } from './collect-client.ts';
import {
  ARCHITECTURES,
  CERTIFICATES,
  CONTENTS,
  type LayerArchitecture,
  type Maker,
  SIZE_LIMIT_BYTES,
  UNWANTED_PACKAGES,
} from './contents.ts';
import { freezeTree } from './freeze-tree.ts';
import type { LayerDescription, LockedPackage } from './status.ts';

const MAKERS: readonly Maker[] = ['mariadb', 'mysql'];

export interface LayerWish {
  readonly architecture: LayerArchitecture;
  /** Empty; becomes what is mounted at /opt. */
  readonly folder: string;
  readonly cacheFolder: string;
}

/** Packages of one maker, each unpacked into `<folder>/<package>`. */
interface Unpacked {
  readonly folder: string;
  readonly packages: readonly DebianPackage[];
}

/**
 * Assembles the layer from the packages that Debian has now. Same packages, same bytes, modes and times.
 * @returns what it was made from
 */
export async function assembleLayer(wish: LayerWish): Promise<LayerDescription> {
  const scratch = `${wish.folder}.packages`;
  const root = join(wish.folder, 'mysql-client');
  await mkdir(join(root, 'licences'), { recursive: true });
  const locked: LockedPackage[] = [];
  const programs = { mariadb: '', mysql: '' };
  for (const maker of MAKERS) {
    const unpacked = await unpackClient(maker, wish, join(scratch, maker));
    const used = await collectClient({ maker, ...wish, packages: unpacked.folder, into: join(root, maker) });
    locked.push(
      ...unpacked.packages.filter(({ name }) => used.has(name)).map(lockedIn(CONTENTS[maker].suite)),
    );
    programs[maker] = programVersion(unpacked.packages, CONTENTS[maker].programPackage);
    await copyLicences(maker, unpacked.folder, used, join(root, 'licences'));
  }
  const certificates = await addCertificates(wish, join(scratch, 'ca'), root);
  locked.push(...certificates.packages.map(lockedIn(CERTIFICATES.suite)));
  const description: LayerDescription = {
    architecture: wish.architecture,
    programs,
    amazonCertificates: certificates.amazonHash,
    packages: locked.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)),
  };
  await writeFile(join(root, 'layer.json'), `${JSON.stringify(description, undefined, 2)}\n`);
  await rm(scratch, { recursive: true });
  const sizeBytes = await freezeTree(wish.folder);
  if (sizeBytes > SIZE_LIMIT_BYTES) throw new Error(`the layer has ${sizeBytes} bytes: over its limit`);
  return description;
}

async function unpackClient(maker: Maker, wish: LayerWish, folder: string): Promise<Unpacked> {
  const { suite, packages: roots } = CONTENTS[maker];
  const repository = await openRepository(suite, ARCHITECTURES[wish.architecture].debian, wish.cacheFolder);
  const needed = await dependenciesOf(repository, roots);
  const wanted = needed.filter((name) => !UNWANTED_PACKAGES.test(name));
  const packages = await unpackPackages(repository, wanted, (name) => join(folder, name));
  return { folder, packages };
}

async function addCertificates(wish: LayerWish, folder: string, root: string) {
  const { debian } = ARCHITECTURES[wish.architecture];
  const repository = await openRepository(CERTIFICATES.suite, debian, wish.cacheFolder);
  const packages = await unpackPackages(repository, [CERTIFICATES.package], () => folder);
  const { pem, amazonHash } = await makeBundle(folder);
  await mkdir(join(root, 'ca'));
  await writeFile(join(root, 'ca', 'bundle.pem'), pem);
  return { packages, amazonHash };
}

/** Distributing the programs asks for their licences to come along. */
async function copyLicences(
  maker: Maker,
  packages: string,
  used: ReadonlySet<string>,
  into: string,
): Promise<void> {
  for (const name of used) {
    // Packages built from one source share a folder of documentation by a link.
    const owner = basename(await readlink(join(packages, name, 'usr/share/doc', name)).catch(() => name));
    const file = join(packages, owner, 'usr/share/doc', owner, 'copyright');
    await copyFile(file, join(into, `${maker}-${name}.txt`));
  }
}

const lockedIn =
  (suite: string) =>
  ({ name, version, sha256 }: DebianPackage): LockedPackage => ({ name, version, suite, sha256 });

const keyOf = ({ suite, name }: LockedPackage): string => `${suite} ${name}`;

/** `1:11.8.9+ds-0+deb13u1` → `11.8.9`: without epoch, what Debian took out, and Debian's own revision. */
function programVersion(packages: readonly DebianPackage[], name: string): string {
  const version = packages.find((one) => one.name === name)?.version ?? '';
  return version.replace(/^\d+:/, '').replace(/[-+].*$/, '');
}
