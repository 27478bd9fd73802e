/** Synthesizes the stack that is deployed, for serving it here: `node infra/app.ts`, as the CDK's own command line does. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeOnce } from '../layers/cache.ts';
import { layerStatus } from '../layers/mysql-client/status.ts';
import { endOfProgram } from '../layers/run-program.ts';
import { SetUpError } from '../layers/set-up-error.ts';

const root = resolve(import.meta.dirname, '..');

/** Everything that ends in the assembly; the layer's own content is told by its description. */
const SOURCES = ['infra', 'functions', 'layers/mysql-client'];
const SOURCE_FILES = ['package-lock.json', 'layers/set-up-error.ts', 'layers/run-as-program.ts'];

export interface Synthesis {
  /** Where the assembly goes; no running cloud may serve it meanwhile. Its stamp lies beside it. */
  readonly folder: string;
  /** Settings of the deploy (infra/settings.ts). @default those of a laptop */
  readonly context?: Readonly<Record<string, unknown>>;
}

export const LAPTOP_ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** What a laptop sets otherwise than a deploy: its processor, and that databases may lie on it. */
export const LAPTOP_CONTEXT: Readonly<Record<string, unknown>> = {
  stage: 'local',
  architecture: LAPTOP_ARCHITECTURE,
  // Whoever works on this machine cannot wait until somebody has reviewed Debian's newest packages.
  acceptLayerDrift: true,
  networks: { public: { private: true, loopback: true } },
  // A laptop has no gateway to protect, and tests ask quickly.
  throttle: { rate: 1_000, burst: 1_000 },
};

/**
 * Makes the assembly, unless it is there already from the same sources, layer and settings.
 * @throws SetUpError with what the synthesis printed, also where the layer is not built
 */
export async function synthesize({
  folder,
  context = LAPTOP_CONTEXT,
}: Synthesis): Promise<'cached' | 'made'> {
  return makeOnce({
    folder,
    recipe: recipeOf(context),
    make: async (unfinished) => {
      const end = await endOfProgram({
        command: process.execPath,
        arguments: ['infra/app.ts'],
        folder: root,
        environment: { ...process.env, CDK_OUTDIR: unfinished, CDK_CONTEXT_JSON: JSON.stringify(context) },
      });
      if (end.exitCode === 0) return;
      throw new SetUpError(`the stack could not be synthesized\n${end.errorOutput.trim()}`, {
        hint: 'Correct what is named above; npm run check shows the same.',
      });
    },
  });
}

/** A line for the settings, the layer and all sources. */
function recipeOf(context: Readonly<Record<string, unknown>>): string {
  const sources = createHash('sha256');
  const folders = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...folders.sort(), ...SOURCE_FILES.map((name) => join(root, name))]) {
    sources.update(`${file}\0`).update(createHash('sha256').update(readFileSync(file)).digest());
  }
  const architecture = context.architecture === 'x86_64' ? 'x86_64' : 'arm64';
  return JSON.stringify({ context, layer: layerOf(architecture), sources: sources.digest('hex') });
}

function layerOf(architecture: 'arm64' | 'x86_64'): string {
  const { built, folder } = layerStatus(architecture);
  return built ? readFileSync(join(folder, 'mysql-client', 'layer.json'), 'utf8') : 'not built';
}
