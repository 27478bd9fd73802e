/** The port of the API: the one that was asked for, or the first free one from 8080 on. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { JobFailed } from './job-failed.ts';

const FIRST_PORT = 8080;
const LAST_PORT = 8179;

/** @throws JobFailed where the wanted port, or every port of the range, is taken */
export async function choosePort(wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    if (await isFree(wanted)) return wanted;
    throw new JobFailed(
      `port ${wanted} is taken`,
      'Give another one with --port, or none for the next free one.',
    );
  }
  for (let port = FIRST_PORT; port <= LAST_PORT; port++) if (await isFree(port)) return port;
  throw new JobFailed(`no port from ${FIRST_PORT} to ${LAST_PORT} is free`, 'Give one with --port.');
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
