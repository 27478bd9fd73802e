/** Runs a program of the machine to its end. */
import { spawn } from 'node:child_process';

export interface ProgramRun {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What the program reads from its standard input; nothing by default. */
  readonly input?: string;
}

/** How a program ended: `exitCode` is null where a signal ended it. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errorOutput: string;
}

/**
 * Runs a program and gives what it printed, whatever its exit code.
 * @throws the error of `spawn`, such as ENOENT, when it cannot be started
 */
export async function endOfProgram(run: ProgramRun): Promise<ProgramEnd> {
  const child = spawn(run.command, run.arguments, {
    cwd: run.folder,
    env: run.environment ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const errorOutput: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => errorOutput.push(bytes));
  // A program that ends before it has read its input is judged by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.input ?? '');
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    exitCode,
    output: Buffer.concat(output).toString(),
    errorOutput: Buffer.concat(errorOutput).toString(),
  };
}

/**
 * Runs a program that has to succeed and gives its standard output.
 * @throws Error with the last lines of its error output when the exit code is not 0
 */
export async function runProgram(run: ProgramRun): Promise<string> {
  const end = await endOfProgram(run);
  if (end.exitCode === 0) return end.output;
  const lines = end.errorOutput.trim().split('\n').slice(-8).join('\n');
  throw new Error(`${run.command} ended with ${end.exitCode ?? 'a signal'}: ${lines}`);
}
