import type { ServerInfo } from '../contents.ts';

/** Three numbers, for example 11, 8, 6. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** A server's own text cannot be trusted to be short. */
const MAX_VERSION_LENGTH = 100;

/**
 * The version in a server's version text, or undefined where it is no such text. Replication hacks of MariaDB 10
 * put `5.5.5-` before the version.
 */
export function parseVersion(text: string): ServerVersion | undefined {
  if (text.length > MAX_VERSION_LENGTH) return undefined;
  const match = /^(?:5\.5\.5-(?=1))?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[-+._ ][\x20-\x7e]*)?$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Whether a version is at least another. */
export const isAtLeast = (version: ServerVersion, major: number, minor = 0, patch = 0): boolean =>
  version.major !== major
    ? version.major > major
    : version.minor !== minor
      ? version.minor > minor
      : version.patch >= patch;

/**
 * How far SafeBase stands in for a server: `tested` by its own tests, `expected` to work, or `unsupported`.
 * @see docs/architecture.md
 */
export function classifyServer(
  product: ServerInfo['product'],
  version: ServerVersion,
): { readonly support: ServerInfo['support']; readonly reason?: string } {
  const name = `${product === 'mysql' ? 'MySQL' : 'MariaDB'} ${version.major}.${version.minor}.${version.patch}`;
  const series = `${version.major}.${version.minor}`;
  if (TESTED[product].includes(series)) return { support: 'tested' };
  const oldest = OLDEST[product];
  if (!isAtLeast(version, oldest.major, oldest.minor)) {
    const reason = `${name}, which the dump tools cannot read: ${oldest.major}.${oldest.minor} is the oldest that they can`;
    return { support: 'unsupported', reason };
  }
  return {
    support: 'expected',
    reason: `${name}, which is expected to work but is not in SafeBase's own tests`,
  };
}

const TESTED: Record<ServerInfo['product'], readonly string[]> = {
  mariadb: ['10.11', '11.8'],
  mysql: ['9.7'],
};

/** Older servers lack the column generation_expression that the dump tools ask for. */
const OLDEST: Record<ServerInfo['product'], { readonly major: number; readonly minor: number }> = {
  mariadb: { major: 10, minor: 5 },
  mysql: { major: 5, minor: 7 },
};
