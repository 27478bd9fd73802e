import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A log that has grown over this is put aside as `….log.old` at the next start. */
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

/** The log of one function: a file that only grows, and whoever listens. */
export interface LogFile {
  line(text: string): void;
  /** Writes every line of a stream. */
  follow(output: Readable): void;
  close(): Promise<void>;
}

/** @param listener told of each line as it comes */
export function openLogFile(folder: string, name: string, listener?: (line: string) => void): LogFile {
  const path = join(folder, `${name}.log`);
  if (existsSync(path) && statSync(path).size > LOG_LIMIT_BYTES) renameSync(path, `${path}.old`);
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  const line = (text: string): void => {
    // Output of a process that was killed at the end may still come after the file was closed.
    if (!file.writableEnded) file.write(`${text}\n`);
    listener?.(text);
  };
  return {
    line,
    follow: (output) => void createInterface({ input: output }).on('line', line),
    close: () => new Promise((closed) => file.end(closed)),
  };
}
