/** An unpacked engine and how its programs are started. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SetUpError } from '../../layers/set-up-error.ts';

/** `engine.json` of an unpacked engine: paths are relative to it, so that the cache can be copied. */
const engineFile = z.object({
  maker: z.enum(['mariadb', 'mysql']),
  /** As the server prints it, such as 10.11.19-MariaDB. */
  version: z.string(),
  /** The dynamic loader that the programs were built for. */
  loader: z.string(),
  libraries: z.array(z.string()),
  server: z.string(),
  client: z.string(),
  dump: z.string(),
  /** Holds error messages and character sets. */
  share: z.string(),
  plugins: z.string(),
});

export type EngineFile = z.infer<typeof engineFile>;

export const ENGINE_FILE = 'engine.json';
export const TEMPLATE_FOLDER = 'data-template';

/** A program with the arguments that always come first. */
type ProgramStart = readonly [command: string, ...first: string[]];

export interface EngineHome {
  readonly name: string;
  readonly maker: 'mariadb' | 'mysql';
  readonly version: string;
  readonly server: ProgramStart;
  readonly client: ProgramStart;
  readonly dump: ProgramStart;
  /** Options that tell the server where its own files are. */
  readonly ownFiles: readonly string[];
  /** A data folder with fresh system tables, to be copied. */
  readonly templateFolder: string;
}

/** Reads `engine.json` in `folder`. */
export async function readEngineHome(name: string, folder: string): Promise<EngineHome> {
  const text = await readFile(join(folder, ENGINE_FILE), 'utf8').catch((cause: unknown) => {
    throw new SetUpError(`the engine ${name} is not whole`, {
      hint: `Delete ${folder} and start again.`,
      cause,
    });
  });
  return engineHomeOf(name, folder, engineFile.parse(JSON.parse(text)));
}

/** The engine that a parsed `engine.json` in `folder` describes. */
export function engineHomeOf(name: string, folder: string, file: EngineFile): EngineHome {
  const inFolder = (path: string) => join(folder, path);
  const libraries = file.libraries.map(inFolder).join(':');
  const start = (program: string): ProgramStart => [
    inFolder(file.loader),
    '--library-path',
    libraries,
    inFolder(program),
  ];
  return {
    name,
    maker: file.maker,
    version: file.version,
    server: start(file.server),
    client: start(file.client),
    dump: start(file.dump),
    ownFiles: [
      `--basedir=${inFolder('root/usr')}`,
      `--lc-messages-dir=${inFolder(file.share)}`,
      `--character-sets-dir=${inFolder(join(file.share, 'charsets'))}`,
      `--plugin-dir=${inFolder(file.plugins)}`,
    ],
    templateFolder: inFolder(TEMPLATE_FOLDER),
  };
}

/** Options that both makers need before all others; as root both refuse to start without `--user`. */
export function firstOptions(engine: EngineHome): string[] {
  return ['--no-defaults', ...(process.getuid?.() === 0 ? ['--user=root'] : []), ...engine.ownFiles];
}
