/** Where Debian packages come from on this machine: its own mirror, proxy and archive key. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import { SetUpError } from './set-up-error.ts';

/** Debian's public mirror, for machines whose own sources name none (Ubuntu, an image without sources). */
const PUBLIC_MIRROR = 'http://deb.debian.org';
const SOURCES = '/etc/apt';
const ARCHIVE_KEYS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

export interface Mirrors {
  /** Address of the archive `debian`, without a slash at its end. */
  readonly main: string;
  /** Address of the archive `debian-security`. */
  readonly security: string;
}

/** The mirrors in this machine's apt sources, else Debian's public one. */
export async function findMirrors(sourcesFolder = SOURCES): Promise<Mirrors> {
  const text = await readSources(sourcesFolder);
  return {
    main: mirrorOf(text, 'debian') ?? `${PUBLIC_MIRROR}/debian`,
    security: mirrorOf(text, 'debian-security') ?? `${PUBLIC_MIRROR}/debian-security`,
  };
}

/**
 * The file with the keys that sign Debian's archive.
 * @throws SetUpError naming the package that brings it
 */
export function findArchiveKey(): string {
  const key = ARCHIVE_KEYS.find((file) => existsSync(file));
  if (key !== undefined) return key;
  throw new SetUpError("Debian's archive key is not on this machine", {
    hint: 'Install the package debian-archive-keyring, or copy the folder .cache from a machine that has it.',
  });
}

/** This machine's way to the network (proxy, timeouts, checks of dates) as lines of an apt.conf. */
export async function networkSettings(): Promise<string> {
  const dump = await runProgram({ command: 'apt-config', arguments: ['dump', 'Acquire'] });
  // Settings that would accept an unsigned archive are left behind on purpose.
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(https?::|Check-Valid-Until|Check-Date|ForceIPv)/i.test(line))
    .join('\n');
}

async function readSources(folder: string): Promise<string> {
  const parts = join(folder, 'sources.list.d');
  const names = await readdir(parts).catch(() => []);
  const files = [join(folder, 'sources.list'), ...names.sort().map((name) => join(parts, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\n');
}

function mirrorOf(sources: string, archive: 'debian' | 'debian-security'): string | undefined {
  const address = new RegExp(`https?://[^\\s\\]]+/${archive}(?=/?(\\s|$))`);
  for (const line of sources.split('\n')) {
    const found = /^(URIs:|deb\s)/.test(line) ? address.exec(line) : null;
    if (found !== null) return found[0];
  }
  return undefined;
}
