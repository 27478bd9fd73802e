/** Obtains what a script needs besides npm packages, into the cache; times it and prints it apart. */
import { machineArchitecture } from '../../layers/debian-repository.ts';
import { buildLayer } from '../../layers/mysql-client/build.ts';
import type { LayerArchitecture } from '../../layers/mysql-client/contents.ts';
import { layerStatus } from '../../layers/mysql-client/status.ts';
import { obtainEngineTold } from '../engines/obtain-engine.ts';
import { obtainMariaDb } from '../engines/obtain-mariadb.ts';
import { ENGINE_SOURCES, type EngineName } from '../engines/packages.ts';

/** An engine for tests, the embedded database, or the layer for this machine's processor. */
type Part = EngineName | 'embedded-mariadb' | 'layer';

export interface PreparedPart {
  readonly part: Part;
  readonly title: string;
  readonly how: 'cached' | 'downloaded' | 'built' | 'found on PATH';
  readonly milliseconds: number;
}

export interface Preparation {
  readonly parts: readonly Part[];
  readonly cacheFolder?: string;
  /** Gets each line. @default standard error, so that results on standard output stay alone */
  readonly print?: (line: string) => void;
}

/** The engine of `npm start`. */
export const EMBEDDED_ENGINE = 'mariadb-11.8' satisfies EngineName;

/**
 * Obtains the parts one after the other; what is cached takes no time.
 * @throws SetUpError that says what is missing and how to give it
 */
export async function prepare({ parts, cacheFolder, print }: Preparation): Promise<PreparedPart[]> {
  const write = print ?? ((line: string) => process.stderr.write(`${line}\n`));
  const prepared: PreparedPart[] = [];
  for (const part of parts) {
    const start = performance.now();
    const { title, how } = await obtain(part, cacheFolder);
    const milliseconds = performance.now() - start;
    write(`set-up: ${title} ${(milliseconds / 1000).toFixed(1)} s (${how})`);
    if (part === 'layer') reportDrift(write, cacheFolder);
    prepared.push({ part, title, how, milliseconds });
  }
  return prepared;
}

/** This machine's processor in AWS's words. */
export function machineLayer(): LayerArchitecture {
  return machineArchitecture() === 'arm64' ? 'arm64' : 'x86_64';
}

async function obtain(part: Part, cacheFolder?: string): Promise<Pick<PreparedPart, 'title' | 'how'>> {
  if (part === 'layer') {
    const made = await buildLayer(machineLayer(), cacheFolder);
    return { title: 'layer mysql-client', how: made === 'made' ? 'built' : 'cached' };
  }
  if (part === 'embedded-mariadb') {
    const { home, how } = await obtainMariaDb(
      EMBEDDED_ENGINE,
      cacheFolder === undefined ? {} : { cacheFolder },
    );
    return { title: `MariaDB ${home.version.split('-')[0]} to embed`, how };
  }
  const { how } = await obtainEngineTold(part, cacheFolder);
  return { title: ENGINE_SOURCES[part].title, how };
}

function reportDrift(write: (line: string) => void, cacheFolder?: string): void {
  const { drift } = layerStatus(machineLayer(), cacheFolder);
  if (drift.length === 0) return;
  write(`set-up: the layer differs from its lock in ${drift.length} packages, because Debian replaced them:`);
  for (const line of drift) write(`set-up:   ${line}`);
}
