/** Runs programs of the other processor on this one: QEMU from Debian, in the cache. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE_FOLDER, makeOnce } from '../../../layers/cache.ts';
import { unpackPackages } from '../../../layers/debian-packages.ts';
import { machineArchitecture, openRepository } from '../../../layers/debian-repository.ts';
import type { LayerArchitecture } from '../../../layers/mysql-client/contents.ts';

const PROGRAMS: Record<LayerArchitecture, string> = { x86_64: 'qemu-x86_64', arm64: 'qemu-aarch64' };

/** A program, statically linked, that runs those of `architecture` on this machine. */
export async function obtainEmulator(architecture: LayerArchitecture): Promise<string> {
  const folder = join(CACHE_FOLDER, 'emulators', architecture);
  const program = PROGRAMS[architecture];
  await makeOnce({
    folder,
    recipe: program,
    make: async (into) => {
      const scratch = `${into}.packages`;
      const repository = await openRepository('trixie', machineArchitecture());
      await unpackPackages(repository, ['qemu-user'], () => scratch);
      await copyFile(join(scratch, 'usr/bin', program), join(into, program));
      await rm(scratch, { recursive: true });
    },
  });
  return join(folder, program);
}
