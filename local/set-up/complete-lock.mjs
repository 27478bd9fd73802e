/**
 * Adds to package-lock.json the optional packages for other platforms that npm left out.
 * A registry that mirrors only some platforms makes `npm install` leave them out, and `npm ci` then refuses
 * the lock file. Their entries hold no hash, because only the registry that has them knows it.
 * Run it after `npm install`; a test says when that was forgotten.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const LOCK = join(import.meta.dirname, '..', '..', 'package-lock.json');
const CPUS = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'arm'];

/** The packages that the lock file lacks, as entries to add to its `packages`. */
export function missingPlatforms(packages) {
  const isLocked = (name) => Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
  const found = Object.values(packages).flatMap(({ dev, optionalDependencies = {} }) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(name))
      .map(([name, version]) => [`node_modules/${name}`, entryOf(name, version, dev)]),
  );
  return Object.fromEntries(found);
}

/** `@biomejs/cli-linux-arm64-musl` → Linux on arm64 with musl. */
function entryOf(name, version, dev) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name} has no exact version: ${version}`);
  const words = name.split('/').at(-1).split('-');
  const os = words.find((word) => /^(android|darwin|linux|win32|freebsd|openharmony|aix|sunos)$/.test(word));
  const cpu = CPUS.find((one) => words.includes(one));
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not say which platform it is for`);
  const libc = words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {};
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...libc, optional: true, os: [os] };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
  const missing = missingPlatforms(lock.packages);
  const entries = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(entries.sort(([one], [other]) => one.localeCompare(other, 'en')));
  writeFileSync(LOCK, `${JSON.stringify(lock, undefined, 2)}\n`);
  process.stdout.write(`${Object.keys(missing).length} platforms added to package-lock.json\n`);
}
