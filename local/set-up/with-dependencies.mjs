/**
 * The way into every npm script: `node local/set-up/with-dependencies.mjs [flags of Node] <script.ts> [arguments]`.
 * Installs the packages of package-lock.json unless they are there, then runs the script with Node 24.
 * Plain JavaScript for Node 20, because neither the packages nor Node 24 need be there yet.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');
const MODULES = join(ROOT, 'node_modules');
const NODE_MAJOR = 24;
/** The registry's package of Node 24 for this machine; it needs no install script. */
const NODE_PACKAGE = join(MODULES, `node-${process.platform}-${process.arch}`, 'bin', 'node');

class MissingPart extends Error {}

await main(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof MissingPart)) throw error;
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exitCode = 1;
});

async function main(words) {
  const at = words.findIndex((word) => !word.startsWith('--'));
  const flags = words.slice(0, at);
  const [script, ...args] = words.slice(at);
  if (script === undefined) throw new MissingPart('name the script to run');
  if (!holdsLockedPackages()) await withLock(join(ROOT, '.cache', 'dependencies.lock'), install);
  run(findNode(), [...flags, join(ROOT, script), ...args]);
}

/** Whether node_modules is what package-lock.json says; npm writes its own record of it when it has ended. */
function holdsLockedPackages() {
  const record = join(MODULES, '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(([path, { version, integrity, optional, devOptional }]) => {
    // Optional packages are for other machines where they are missing.
    const found = installed[path];
    if (found === undefined) return path === '' || optional || devOptional;
    return found.version === version && (integrity === undefined || found.integrity === integrity);
  });
}

function install() {
  if (holdsLockedPackages()) return;
  const start = performance.now();
  process.stderr.write('set-up: installing the packages of package-lock.json …\n');
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : [npm ?? 'npm'];
  // NODE_ENV=production or a setting of the user must not leave out what the scripts need.
  const wanted = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
  ];
  const { status, error } = spawnSync(command, [...first, ...wanted], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    throw new MissingPart(
      `the packages of package-lock.json could not be installed (npm ci: ${error?.code ?? `exit code ${status}`}).\n` +
        'Give npm a way to its registry and start again, or copy node_modules from a clone with the same package-lock.json.',
    );
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stderr.write(`set-up: dependencies ${seconds} s (installed)\n`);
}

/** Two scripts that start at once in a fresh clone must not install over one another. */
async function withLock(file, work) {
  mkdirSync(join(file, '..'), { recursive: true });
  while (!tryLock(file)) await pause(200);
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(readOwner(file))) rmSync(file, { force: true });
    return false;
  }
}

function readOwner(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function findNode() {
  const isRunnable = (node) =>
    spawnSync(node, ['--version']).stdout?.toString().startsWith(`v${NODE_MAJOR}.`);
  if (existsSync(NODE_PACKAGE) && isRunnable(NODE_PACKAGE)) return NODE_PACKAGE;
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  throw new MissingPart(
    `Node ${NODE_MAJOR} is missing: the registry has no package of it for ${process.platform} on ${process.arch}, ` +
      `and this is Node ${process.versions.node}.\nInstall Node ${NODE_MAJOR} or later, put it first on PATH and start again.`,
  );
}

/** Runs the script in this terminal; its end is our end. */
function run(node, args) {
  const path = [join(MODULES, '.bin'), process.env.PATH ?? ''].join(delimiter);
  const child = spawn(node, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, forward);
  // A terminal sends Ctrl-C to the child as well: a second one would cut its orderly end short.
  process.on('SIGINT', process.stdin.isTTY ? () => undefined : forward);
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
