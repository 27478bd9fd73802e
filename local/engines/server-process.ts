/** A server process that never outlives its parent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A clean shutdown that takes longer is ended by force; InnoDB recovers at the next start. */
const STOP_DEADLINE_MS = 60_000;

/**
 * Reads until its parent is gone (the kernel closes the pipe, also on kill -9), then ends the server:
 * politely at first, after ten seconds by force.
 */
const WATCH = `read -r _; kill "$1" 2>/dev/null
i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
kill -9 "$1" 2>/dev/null`;

export interface ServerProcess {
  readonly pid: number;
  /** Whether the process has ended. */
  readonly hasEnded: () => boolean;
  /** Shuts the server down cleanly and waits until it has ended. */
  readonly stop: () => Promise<void>;
  /** Kills it as a power cut would, and waits until it has ended. */
  readonly kill: () => Promise<void>;
}

/** Starts a server in its own session, so that Ctrl-C reaches it only through us; it prints to `logFile`. */
export async function startProcess(
  [command, ...args]: readonly [string, ...string[]],
  logFile: string,
): Promise<ServerProcess> {
  const log = openSync(logFile, 'a', 0o600);
  const server = spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(server, 'spawn');
  const pid = server.pid ?? 0;
  const watch = watchParent(pid);
  server.once('exit', () => watch.kill('SIGKILL'));
  // An idle server must not keep its parent's event loop alive.
  server.unref();
  const hasEnded = () => server.exitCode !== null || server.signalCode !== null;
  return {
    pid,
    hasEnded,
    stop: () => end(server, 'SIGTERM'),
    kill: () => end(server, 'SIGKILL'),
  };
}

function watchParent(pid: number): ChildProcess {
  const watch = spawn('/bin/sh', ['-c', WATCH, 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.on('error', () => process.kill(pid, 'SIGKILL'));
  watch.stdin?.on('error', () => undefined);
  watch.unref();
  if (watch.stdin !== null && 'unref' in watch.stdin && typeof watch.stdin.unref === 'function')
    watch.stdin.unref();
  return watch;
}

async function end(server: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.ref();
  server.kill(signal);
  const timer = new AbortController();
  const late = pause(STOP_DEADLINE_MS, 'late' as const, { signal: timer.signal }).catch(
    () => 'ended' as const,
  );
  if ((await Promise.race([ended, late])) === 'late') {
    server.kill('SIGKILL');
    await ended;
  }
  timer.abort();
}
