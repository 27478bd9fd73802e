/** The steps that `npm test` and `npm run check` are made of: each a program, timed, its output shown when it fails. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

interface Step {
  readonly name: string;
  readonly command: readonly [program: string, ...parameters: string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** Show the output while it runs, as test runners want it. */
  readonly live?: boolean;
}

const tool = (packagePath: string, ...parameters: string[]): [string, ...string[]] => [
  process.execPath,
  join(root, 'node_modules', packagePath),
  ...parameters,
];

/** Format, lint, types, import rule and dead code: no database and no network. */
export const STATIC_STEPS: readonly Step[] = [
  { name: 'format and lint', command: tool('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.') },
  { name: 'types', command: tool('typescript/bin/tsc', '-p', '.') },
  {
    name: 'import rule',
    command: tool(
      'dependency-cruiser/bin/dependency-cruiser.mjs',
      ...['--config', '.dependency-cruiser.cjs', 'functions', 'infra', 'layers', 'local', 'test'],
    ),
  },
  { name: 'dead code', command: tool('knip/bin/knip.js', '--no-progress') },
];

/** @param parameters more of Jest's, such as paths or `--json --outputFile=…` */
export const jest = (
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Step => ({
  name: 'tests',
  // A test that fails may leave a process behind; the run must end all the same.
  command: tool('jest/bin/jest.js', '--maxWorkers=2', '--forceExit', ...parameters),
  environment: {
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
    ...environment,
  },
  live: true,
});

/** Runs one step and tells its name, result and seconds. */
export async function run(step: Step): Promise<boolean> {
  const started = performance.now();
  const output: Buffer[] = [];
  const child = spawn(step.command[0], step.command.slice(1), {
    cwd: root,
    env: { ...process.env, ...step.environment },
    stdio: ['ignore', step.live ? 'inherit' : 'pipe', step.live ? 'inherit' : 'pipe'],
  });
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  const passed = await new Promise<boolean>((settle) => {
    child.on('error', () => settle(false));
    child.on('close', (code) => settle(code === 0));
  });
  if (!passed) process.stdout.write(Buffer.concat(output));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
  return passed;
}
