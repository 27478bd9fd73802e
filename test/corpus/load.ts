/** The fidelity corpus: 55 files of SQL, one theme each, that make every kind of object and value. */
import { spawn } from 'node:child_process';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { EngineName } from '../../local/engines/packages.ts';
import type { RunningServer } from '../../local/engines/start-server.ts';

export interface CorpusFile {
  /** The name of the file without its end, such as `16_sequences`. */
  readonly theme: string;
  readonly path: string;
  /** The schemas that it makes. */
  readonly schemas: readonly string[];
}

/** Servers that load the corpus need this: one of its rows has 30 MB. */
export const CORPUS_OPTIONS: readonly string[] = [
  '--max-allowed-packet=512M',
  '--log-bin-trust-function-creators=1',
];

/** The word for an engine in the line `-- applies:`. */
const ENGINE_WORDS: Readonly<Record<EngineName, string>> = {
  'mariadb-10.11': 'mariadb1011',
  'mariadb-11.8': 'mariadb118',
  'mysql-9.7': 'mysql97',
};

/** The files that load on an engine without an error, in the order of their names. */
export function corpusFor(engine: EngineName): CorpusFile[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .flatMap((name) => {
      const path = join(import.meta.dirname, name);
      const text = readFileSync(path, 'utf8');
      const applies = /^-- applies: (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
      if (!applies.includes(ENGINE_WORDS[engine])) return [];
      return [{ theme: name.replace(/\.sql$/, ''), path, schemas: schemasIn(text) }];
    });
}

/**
 * Runs a file on a server as root; it makes its schemas anew.
 * @throws Error with what the client program printed
 */
export async function loadCorpusFile(server: RunningServer, file: CorpusFile): Promise<void> {
  const [command, ...first] = server.engine.client;
  const client = spawn(
    command,
    [
      ...first,
      '--no-defaults',
      '--user=root',
      `--socket=${server.socket}`,
      '--binary-mode',
      '--default-character-set=utf8mb4',
      '--max-allowed-packet=512M',
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  const printed: Buffer[] = [];
  client.stderr.on('data', (chunk: Buffer) => printed.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) =>
    client.once('error', reject).once('close', resolve),
  );
  // The client stops reading at its first error; what it printed says why.
  await pipeline(createReadStream(file.path), client.stdin).catch(() => undefined);
  const code = await ended;
  if (code !== 0) throw new Error(`${file.theme} did not load: ${Buffer.concat(printed).toString()}`);
}

const schemasIn = (text: string): string[] =>
  [...text.matchAll(/^CREATE DATABASE (?:`((?:[^`]|``)+)`|(\w+))/gm)].map(
    ([, quoted, plain]) => quoted?.replaceAll('``', '`') ?? plain ?? '',
  );
