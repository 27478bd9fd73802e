/** `npm run layer:build [-- x86_64|arm64]`: builds the layer mysql-client into the cache, for both processors by default. */
import { CACHE_FOLDER, makeOnce } from '../cache.ts';
import { runAsProgram } from '../run-as-program.ts';
import { SetUpError } from '../set-up-error.ts';
import { assembleLayer } from './assemble.ts';
import { ARCHITECTURES, type LayerArchitecture } from './contents.ts';
import { layerFolder, layerRecipe, layerStatus } from './status.ts';

/**
 * Builds the layer unless it is there, from the packages that Debian has now.
 * `layerStatus` then tells how these differ from the tracked lock.
 * @throws SetUpError where packages cannot be had
 */
export async function buildLayer(
  architecture: LayerArchitecture,
  cacheFolder: string = CACHE_FOLDER,
): Promise<'cached' | 'made'> {
  return makeOnce({
    folder: layerFolder(architecture, cacheFolder),
    recipe: layerRecipe(),
    make: async (folder) => {
      await assembleLayer({ architecture, folder, cacheFolder });
    },
  });
}

async function main(names: readonly string[]): Promise<void> {
  const isArchitecture = (name: string): name is LayerArchitecture => name in ARCHITECTURES;
  const wanted = names.length > 0 ? names : Object.keys(ARCHITECTURES);
  for (const name of wanted) {
    if (!isArchitecture(name))
      throw new SetUpError(`there is no layer for ${name}`, { hint: 'Name x86_64 or arm64, or neither.' });
    const how = await buildLayer(name);
    const { folder, drift } = layerStatus(name);
    console.log(`layer mysql-client for ${name}: ${how === 'made' ? 'built' : 'was there'}, in ${folder}`);
    for (const line of drift) console.log(`  differs from the lock: ${line}`);
    if (drift.length > 0)
      console.log(
        '  Debian has replaced packages. `npm run layer:lock` locks the present ones; a deploy refuses this layer until then.',
      );
  }
}

await runAsProgram(import.meta, main);
