import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { type ErrorCode, SafeBaseError } from '../../errors.ts';
import type { Endpoint } from '../connection.ts';
import { reasonOf, throwIfOver } from '../deadline.ts';
import type { ClientPrograms } from '../sql/client-programs.ts';
import { collectBounded } from './bounded-text.ts';
import { failureOf, isSilentLoss, unexplainedLines } from './client-messages.ts';
import { optionFileText, type UnnamedFile, writeUnnamedFile } from './option-file.ts';
import { judgePeers } from './peer-address.ts';
import { openWidePipe, type WidePipe } from './wide-pipe.ts';

export interface ClientStart {
  /** Where the layer mysql-client is mounted. */
  readonly clientRoot: string;
  readonly programs: ClientPrograms;
  readonly task: 'dump' | 'load';
  readonly flags: readonly string[];
  readonly endpoint: Endpoint;
  /** Kills the program; its reason is what `ended` rejects with. */
  readonly signal: AbortSignal;
}

/** A running program of the layer. Whoever started it reads `output` to its end, where it has any, and awaits `ended`. */
export interface ClientProcess {
  readonly pid: number;
  readonly stdin: Writable;
  /** What a dump prints, in batches: see `WidePipe`. Nothing for a load. */
  readonly output: AsyncIterable<Buffer>;
  /**
   * Resolves when the program has ended with 0 and said nothing on stderr that is not explained.
   * @throws `dump_failed`, `dump_killed`, `load_failed`, `load_killed`, `host_refused`, the codes of reaching the
   * database, and the reason of the signal
   */
  readonly ended: Promise<void>;
  /** Ends the program at once; `ended` then rejects with this reason. */
  kill(reason: Error): void;
}

const FAILED: Record<ClientStart['task'], ErrorCode> = { dump: 'dump_failed', load: 'load_failed' };
const KILLED: Record<ClientStart['task'], ErrorCode> = { dump: 'dump_killed', load: 'load_killed' };
const STDERR_LIMIT = 16 * 1024;
const PEER_POLL_MS = 5;

/** What a program prints at once, and what its reader gets at once: a frame of zstd. */
const OUTPUT_BYTES = 1024 * 1024;
/** Options and CA are the files behind these descriptors of the child. */
const OPTIONS_FD = 3;
const CA_FD = 4;

interface Child {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stderr: Readable;
}

/**
 * Starts a program of the layer through its own loader, so that the C library of the system does not matter. It has no
 * environment, and the password reaches it through a file without a name.
 */
export async function startClient(start: ClientStart): Promise<ClientProcess> {
  throwIfOver(start.signal);
  const { endpoint } = start;
  const isVerified = endpoint.tls.mode === 'verify';
  // TLS proves the name, so the name must be given; without TLS the address that was checked is dialled.
  const dial = isVerified ? endpoint.host : (endpoint.addresses[0] ?? endpoint.host);
  const loader = await findLoader(start);
  const options = await writeUnnamedFile(optionFileText(endpoint, dial));
  const ca =
    isVerified && endpoint.tls.ca !== undefined ? await writeUnnamedFile(endpoint.tls.ca) : undefined;
  const pipe = start.task === 'dump' ? await openWidePipe(OUTPUT_BYTES) : undefined;
  try {
    // No await from here on: what a program that ends at once has printed is lost to whoever listens later.
    const { looked, ...child } = supervise(
      start,
      spawnProgram(start, loader, { options, ca, pipe }),
      isVerified,
    );
    return { ...child, output: outputOf(pipe, looked) };
  } finally {
    // The program has its own copies by now.
    options.close().catch(() => {});
    ca?.close().catch(() => {});
    pipe?.childEnd.destroy();
  }
}

async function findLoader({ clientRoot, programs }: ClientStart): Promise<string> {
  const lib = join(clientRoot, programs.folder, 'lib');
  const loader = (await readdir(lib)).find((name) => name.startsWith('ld-linux-'));
  if (!loader) throw new Error(`the layer has no loader in ${lib}`);
  return join(lib, loader);
}

/** What is opened for a program before it starts. */
interface Opened {
  readonly options: UnnamedFile;
  readonly ca: UnnamedFile | undefined;
  readonly pipe: WidePipe | undefined;
}

function spawnProgram(start: ClientStart, loader: string, { options, ca, pipe }: Opened): Child {
  const { clientRoot, programs, task, endpoint } = start;
  const home = join(clientRoot, programs.folder);
  const caFile = ca ? `/proc/self/fd/${CA_FD}` : join(clientRoot, 'ca', 'bundle.pem');
  const argv = [
    // Lets the program print a batch at once; by itself it prints a few KB at a time.
    '--preload',
    join(home, 'lib', 'libstdbuf.so'),
    '--library-path',
    join(home, 'lib'),
    join(home, 'bin', programs[task]),
    `--defaults-file=/proc/self/fd/${OPTIONS_FD}`,
    `--plugin-dir=${join(home, 'plugin')}`,
    ...programs.tlsFlags(endpoint.tls.mode === 'verify' ? caFile : undefined),
    ...start.flags,
  ];
  // It stays in the worker's process group, so that whoever kills that group leaves no program behind: one that waits
  // for a silent server would not notice its broken pipes. HOME keeps ~/.mylogin.cnf out.
  const child = spawn(loader, argv, {
    stdio: ['pipe', pipe?.childEnd ?? 'ignore', 'pipe', options.fd, ...(ca ? [ca.fd] : [])],
    env: { HOME: '/nonexistent', TZ: 'UTC', _STDBUF_O: String(OUTPUT_BYTES) },
  });
  const { stdin, stderr } = child;
  if (!stdin || !stderr) throw new Error('a program was started without pipes');
  return { process: child, stdin, stderr };
}

interface Supervised extends Omit<ClientProcess, 'output'> {
  /** Resolves when the program's peer was looked at, or it has ended. */
  readonly looked: Promise<void>;
}

function supervise(start: ClientStart, child: Child, byName: boolean): Supervised {
  const { signal, task, programs } = start;
  const stderr = collectBounded(child.stderr, STDERR_LIMIT);
  const state: { killed?: Error } = {};
  const kill = (reason: Error) => {
    state.killed ??= reason;
    child.process.kill('SIGKILL');
  };
  const onAbort = () => kill(reasonOf(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  // A broken pipe shows as the end of the program, which says why.
  child.stdin.on('error', () => {});

  const ended = (async () => {
    await Promise.all([once(child.process, 'exit'), once(child.stderr, 'close')]);
    const { exitCode: code, signalCode: by } = child.process;
    signal.removeEventListener('abort', onAbort);
    if (state.killed) throw state.killed;
    const name = programs[task];
    if (by !== null) throw new SafeBaseError(KILLED[task], `${name} was ended by ${by}`);
    if (code !== 0 || unexplainedLines(stderr()).length > 0) {
      const isLost = task === 'dump' && isSilentLoss(code, stderr());
      throw failureOf(name, `exited with ${code}`, stderr(), isLost ? 'connection_lost' : FAILED[task]);
    }
  })();
  // Whoever awaits `ended` gets the rejection; it must not count as unhandled before that.
  ended.catch(() => {});
  const looked = byName ? watchPeers(start, child, kill).catch(kill) : Promise.resolve();
  return { pid: child.process.pid ?? 0, stdin: child.stdin, ended, kill, looked };
}

/**
 * The program resolves the name by itself, so what it reached is looked at until the first connection stands. One that
 * came and went between two looks had at least to prove the name by its certificate.
 */
async function watchPeers(start: ClientStart, child: Child, kill: (reason: Error) => void): Promise<void> {
  const { host, port, addresses } = start.endpoint;
  while (isRunning(child)) {
    const verdict = await judgePeers(child.process.pid ?? 0, port, addresses);
    if (verdict === 'allowed') return;
    if (verdict === 'refused') {
      kill(new SafeBaseError('host_refused', `${host} resolved to an address that was not checked`));
      return;
    }
    await wait(PEER_POLL_MS, undefined, { ref: false });
  }
}

/** Nothing is taken from a program before its peer was looked at: one that prints much waits until then. */
async function* outputOf(
  pipe: WidePipe | undefined,
  looked: Promise<void>,
): AsyncGenerator<Buffer, void, undefined> {
  await looked;
  if (pipe) yield* pipe.batches;
}

const isRunning = ({ process: { exitCode, signalCode } }: Child): boolean =>
  exitCode === null && signalCode === null;
