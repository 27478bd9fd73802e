import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../connection.ts';

/** A file that has no name any more: only who holds `fd` can read it, and it is gone when nobody does. */
export interface UnnamedFile {
  readonly fd: number;
  close(): Promise<void>;
}

/** Writes text where no other process can find it: the name is removed before the first byte is written. */
export async function writeUnnamedFile(text: string): Promise<UnnamedFile> {
  const path = join(tmpdir(), `.${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    await file.writeFile(text);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { fd: file.fd, close: () => file.close() };
}

/**
 * Where to connect and as whom, for both makers' programs.
 * @param dial the name or address that the program is to connect to
 * @see https://dev.mysql.com/doc/refman/9.7/en/option-files.html
 */
export function optionFileText(endpoint: Endpoint, dial: string): string {
  return [
    '[client]',
    `user=${quoted(endpoint.username)}`,
    `password=${quoted(endpoint.password)}`,
    `host=${quoted(dial)}`,
    `port=${endpoint.port}`,
    'protocol=TCP',
    '',
  ].join('\n');
}

/** Inside quotes only the backslash and the quote itself mean something, and a line must not end. */
function quoted(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
