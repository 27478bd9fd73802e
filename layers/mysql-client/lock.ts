/** `npm run layer:lock`: locks the packages that Debian has now, for both processors, and builds from them. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { CACHE_FOLDER } from '../cache.ts';
import { runAsProgram } from '../run-as-program.ts';
import { assembleLayer } from './assemble.ts';
import { buildLayer } from './build.ts';
import type { LayerArchitecture } from './contents.ts';
import { type LayerDescription, LOCK_FILE, layerFolder } from './status.ts';

async function main(): Promise<void> {
  const lock = { x86_64: await presentPackages('x86_64'), arm64: await presentPackages('arm64') };
  await writeFile(LOCK_FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
  for (const architecture of ['x86_64', 'arm64'] as const) await buildLayer(architecture);
  console.log(`locked ${lock.x86_64.packages.length + lock.arm64.packages.length} packages in ${LOCK_FILE}`);
}

async function presentPackages(architecture: LayerArchitecture): Promise<LayerDescription> {
  const folder = `${layerFolder(architecture)}.to-lock`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const description = await assembleLayer({ architecture, folder, cacheFolder: CACHE_FOLDER });
  await rm(folder, { recursive: true });
  return description;
}

await runAsProgram(import.meta, main);
