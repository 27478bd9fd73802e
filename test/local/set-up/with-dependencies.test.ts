import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../../../local/set-up/with-dependencies.mjs');
const LOCKED = { 'node_modules/thing': { version: '1.0.0', integrity: 'sha512-one' } };

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'safebase-project-'));
  mkdirSync(join(project, 'local/set-up'), { recursive: true });
  copyFileSync(source, join(project, 'local/set-up/with-dependencies.mjs'));
  write('package-lock.json', JSON.stringify({ packages: { '': {}, ...LOCKED } }));
  write('script.mjs', "console.log(process.argv.slice(2).join(' '), process.env.PATH.split(':')[0]);");
  // A stand-in for npm that notes each call, and then has installed what the lock file says.
  write(
    'npm.sh',
    `#!/bin/sh\necho "$@" >> ${project}/calls\nsleep 0.2\nmkdir -p ${project}/node_modules\ncp ${project}/package-lock.json ${project}/node_modules/.package-lock.json\n`,
  );
});
afterEach(() => rmSync(project, { recursive: true }));

const write = (path: string, text: string) => {
  writeFileSync(join(project, path), text);
  chmodSync(join(project, path), 0o755);
};
const calls = () => readFileSync(join(project, 'calls'), 'utf8').trim().split('\n');

const start = (args: readonly string[], npm = join(project, 'npm.sh')) =>
  spawn(process.execPath, [join(project, 'local/set-up/with-dependencies.mjs'), ...args], {
    env: { ...process.env, NODE_OPTIONS: '', npm_execpath: npm },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function run(args: readonly string[], npm?: string) {
  const child = start(args, npm);
  const texts = { output: '', errors: '' };
  child.stdout.on('data', (bytes) => {
    texts.output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    texts.errors += bytes;
  });
  const [exitCode] = await once(child, 'close');
  return { exitCode, ...texts };
}

describe('with-dependencies', () => {
  it('installs the locked packages, times it apart, and runs the script with them first on PATH', async () => {
    const { exitCode, output, errors } = await run(['script.mjs', '--once', 'two words']);
    expect(exitCode).toBe(0);
    expect(output).toBe(`--once two words ${join(project, 'node_modules/.bin')}\n`);
    expect(errors).toMatch(/^set-up: dependencies \d+\.\d s \(installed\)$/m);
    expect(calls()).toEqual([expect.stringMatching(/^ci --include=dev --include=optional /)]);
  });

  it('hands flags before the script to Node', async () => {
    write('flags.mjs', "console.log(process.execArgv.join(' '), process.argv.slice(2).join(' '));");
    const { output } = await run(['--max-semi-space-size=1', 'flags.mjs', '--once']);
    expect(output).toBe('--max-semi-space-size=1 --once\n');
  });

  it('installs nothing the second time, and again when the lock file has changed', async () => {
    await run(['script.mjs']);
    const { errors } = await run(['script.mjs']);
    expect(errors).toBe('');
    const changed = { 'node_modules/thing': { version: '1.0.0', integrity: 'sha512-two' } };
    write('package-lock.json', JSON.stringify({ packages: changed }));
    await run(['script.mjs']);
    expect(calls()).toHaveLength(2);
  });

  it('lets optional packages of other platforms be absent, and no others', async () => {
    mkdirSync(join(project, 'node_modules'));
    write('node_modules/.package-lock.json', JSON.stringify({ packages: LOCKED }));
    const other = { 'node_modules/thing-win32': { version: '1.0.0', optional: true } };
    write('package-lock.json', JSON.stringify({ packages: { ...LOCKED, ...other } }));
    expect(await run(['script.mjs'])).toMatchObject({ exitCode: 0, errors: '' });
    write(
      'package-lock.json',
      JSON.stringify({ packages: { ...LOCKED, 'node_modules/more': { version: '1.0.0' } } }),
    );
    expect((await run(['script.mjs'])).errors).toContain('installed');
  });

  it('installs once when two scripts start at the same time', async () => {
    const ends = await Promise.all([run(['script.mjs']), run(['script.mjs'])]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(calls()).toHaveLength(1);
  });

  it('installs although a process that was installing has died', async () => {
    mkdirSync(join(project, '.cache'));
    const dead = spawn('true');
    await once(dead, 'exit');
    write('.cache/dependencies.lock', String(dead.pid));
    expect((await run(['script.mjs'])).exitCode).toBe(0);
  });

  it('says what is missing and how to give it when npm fails', async () => {
    write('failing.sh', '#!/bin/sh\nexit 7\n');
    const { exitCode, output, errors } = await run(['script.mjs'], join(project, 'failing.sh'));
    expect([exitCode, output]).toEqual([1, '']);
    expect(errors).toContain('npm ci: exit code 7');
    expect(errors).toContain('copy node_modules from a clone with the same package-lock.json');
    expect(errors).not.toContain('    at ');
  });

  it('ends with the exit code of the script', async () => {
    write('failing.mjs', 'process.exitCode = 42;');
    expect((await run(['failing.mjs'])).exitCode).toBe(42);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('passes %s on and waits for the orderly end', async (signal) => {
    write(
      'waiting.mjs',
      `process.on('${signal}', () => process.exit(9)); setInterval(() => undefined, 1000); console.log('up');`,
    );
    const child = start(['waiting.mjs']);
    await once(child.stdout, 'data');
    child.kill(signal);
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(9);
  });
});
