/** A root folder in which there is nothing but the layer, and programs that run in it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endOfProgram, type ProgramEnd } from '../../../layers/run-program.ts';

type Maker = 'mariadb' | 'mysql';

/** As the workers start them: dump tools with a wide output buffer. */
const ENVIRONMENT = { _STDBUF_O: '1048576' };
const DUMP_TOOLS = ['mariadb-dump', 'mysqldump'];
/** Nobody on every Linux. */
const NOBODY = 65534;

export interface BareRoot {
  /** Puts a file into the root, readable by the programs alone; its path as they see it. */
  readonly write: (name: string, text: string) => string;
  /** Runs a program of the layer. */
  readonly run: (
    maker: Maker,
    program: string,
    args: readonly string[],
    input?: string,
  ) => Promise<ProgramEnd>;
  /** Starts a program of the layer whose output goes into the file behind a descriptor of this process. */
  readonly startInto: (
    outputFd: number,
    maker: Maker,
    program: string,
    args: readonly string[],
  ) => ChildProcess;
  readonly remove: () => void;
}

/**
 * @param layerFolder what is mounted at /opt in Lambda
 * @param emulator runs the programs where they are for another processor
 * @throws Error where neither root nor a user namespace can be had: nothing else keeps the machine's files out
 */
export function makeBareRoot(layerFolder: string, emulator?: string): BareRoot {
  const root = mkdtempSync(join(tmpdir(), 'safebase-root-'));
  cpSync(layerFolder, join(root, 'opt'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  // Names are looked up as in Lambda, but without a name server.
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost elsewhere.example\n');
  for (const path of ['.', 'etc', 'etc/hosts']) chmodSync(join(root, path), 0o755);
  if (emulator !== undefined) cpSync(emulator, join(root, 'emulator'));
  const isRoot = process.getuid?.() === 0;
  const enter = isRoot
    ? ['/usr/sbin/chroot', `--userspec=${NOBODY}:${NOBODY}`]
    : ['unshare', '-r', '/usr/sbin/chroot'];
  const libraries = (maker: Maker) => join('/opt/mysql-client', maker, 'lib');
  const [loader = ''] = readdirSync(join(root, libraries('mariadb'))).filter((name) =>
    name.startsWith('ld-linux-'),
  );

  const emulated = emulator === undefined ? [] : ['/emulator'];
  const preloaded = (maker: Maker) => ['--preload', join(libraries(maker), 'libstdbuf.so')];
  const start = (maker: Maker, program: string) => [
    ...[...enter, root, ...emulated],
    join(libraries(maker), loader),
    ...(DUMP_TOOLS.includes(program) ? preloaded(maker) : []),
    ...['--library-path', libraries(maker)],
    join('/opt/mysql-client', maker, 'bin', program),
  ];
  const trial = start('mariadb', 'mariadb');
  const { status, stderr } = spawnSync(trial[0] ?? '', [...trial.slice(1), '--version'], { env: {} });
  if (status !== 0) throw new Error(`the layer cannot be run in a folder of its own: ${String(stderr)}`);

  return {
    write: (name, text) => {
      const file = join(root, name);
      writeFileSync(file, text, { mode: 0o600 });
      if (isRoot) chownSync(file, NOBODY, NOBODY);
      return `/${name}`;
    },
    run: async (maker, program, args, input = '') => {
      const [command = '', ...first] = start(maker, program);
      return endOfProgram({ command, arguments: [...first, ...args], environment: ENVIRONMENT, input });
    },
    startInto: (outputFd, maker, program, args) => {
      const [command = '', ...first] = start(maker, program);
      return spawn(command, [...first, ...args], {
        env: ENVIRONMENT,
        stdio: ['ignore', outputFd, 'inherit'],
      });
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}
