/** Whether the layer is built, and whether it is made of the packages that the tracked lock names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CACHE_FOLDER, isMadeFrom } from '../cache.ts';
import { CERTIFICATES, CONTENTS, type LayerArchitecture } from './contents.ts';

const lockedPackage = z.object({
  name: z.string(),
  version: z.string(),
  suite: z.string(),
  /** Of the .deb file, from Debian's signed index. */
  sha256: z.string(),
});
const packageList = z.array(lockedPackage);
const layerDescription = z.object({
  architecture: z.enum(['x86_64', 'arm64']),
  /** Versions of the programs. */
  programs: z.object({ mariadb: z.string(), mysql: z.string() }),
  /** SHA-256 over Amazon's certificate authorities in ca/bundle.pem; null where they were not at hand. */
  amazonCertificates: z.string().nullable(),
  packages: packageList,
});

export type LockedPackage = z.infer<typeof lockedPackage>;
/** `layer.json` in the layer: what it is really made of, the effective lock. */
export type LayerDescription = z.infer<typeof layerDescription>;

/** The tracked lock holds one description an architecture. */
const layerLock = z.object({ x86_64: layerDescription, arm64: layerDescription });
export type LayerLock = z.infer<typeof layerLock>;

/** Raise it when the same packages have to become other bytes. */
const RECIPE = 1;

export const LOCK_FILE = join(import.meta.dirname, 'layer.lock.json');

export interface LayerStatus {
  readonly architecture: LayerArchitecture;
  /** What is mounted at /opt; the programs lie under `mysql-client` in it. */
  readonly folder: string;
  /** Whole, and made as this version of the code makes it. */
  readonly built: boolean;
  /** One line for each difference between the built layer and the tracked lock; none when not built. */
  readonly drift: readonly string[];
  /** The command that builds it. */
  readonly buildCommand: string;
}

/** Looks at the built layer; for a deploy, which refuses drift unless told to accept it. */
export function layerStatus(architecture: LayerArchitecture, cacheFolder = CACHE_FOLDER): LayerStatus {
  const folder = layerFolder(architecture, cacheFolder);
  const built = isMadeFrom(folder, layerRecipe());
  const drift = () =>
    driftBetween(
      readLock()[architecture],
      parseDescription(readFileSync(join(folder, 'mysql-client', 'layer.json'), 'utf8')),
    );
  return {
    architecture,
    folder,
    built,
    drift: built ? drift() : [],
    buildCommand: 'npm run layer:build',
  };
}

/** Where the layer of an architecture lies in the cache. */
export function layerFolder(architecture: LayerArchitecture, cacheFolder = CACHE_FOLDER): string {
  return join(cacheFolder, 'layers', 'mysql-client', architecture);
}

/** What a built layer has to be made from; a new lock asks for a new layer, which may no longer drift. */
export function layerRecipe(): string {
  return JSON.stringify([RECIPE, CONTENTS, CERTIFICATES, readFileSync(LOCK_FILE, 'utf8')]);
}

export function readLock(): LayerLock {
  return layerLock.parse(JSON.parse(readFileSync(LOCK_FILE, 'utf8')));
}

/** How what was built differs from what is locked: one line a package. */
export function driftBetween(locked: LayerDescription, built: LayerDescription): string[] {
  const key = ({ suite, name }: LockedPackage) => `${name} (${suite})`;
  const before = new Map(locked.packages.map((one) => [key(one), one]));
  const after = new Map(built.packages.map((one) => [key(one), one]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const lines = names
    .filter((name) => before.get(name)?.sha256 !== after.get(name)?.sha256)
    .map((name) => `${name}: locked ${shown(before.get(name))}, built ${shown(after.get(name))}`);
  return locked.amazonCertificates === built.amazonCertificates
    ? lines
    : [...lines, "Amazon's certificate authorities: not those of the lock"];
}

export function parseDescription(text: string): LayerDescription {
  return layerDescription.parse(JSON.parse(text));
}

const shown = (one: LockedPackage | undefined): string =>
  one === undefined ? 'absent' : `${one.version} ${one.sha256.slice(0, 12)}`;
