import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KEY } from './s3-fixture.ts';

export interface S3Child {
  readonly process: ChildProcess;
  readonly url: string;
  /** The most memory that the process ever held at once. */
  peakBytes(): number;
  /** Ends it as a power failure would: without a word. */
  kill(): Promise<void>;
}

/** The laptop's S3 as a process of its own, with a bucket `durable` that keeps versions. */
export async function startChild(folder: string): Promise<S3Child> {
  const script = join(import.meta.dirname, 's3-process.ts');
  const child = spawn(process.execPath, [script, folder, KEY.accessKeyId, KEY.secretAccessKey], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    process: child,
    url: String(url),
    peakBytes() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
