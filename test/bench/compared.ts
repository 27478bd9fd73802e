/** Several ways measured in turn, and each as a ratio of the first. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningServer } from '../../local/engines/start-server.ts';
import type { Measured } from './contenders.ts';
import { machine, middle } from './machine.ts';
import { watchTree } from './process-tree.ts';
import type { Profile } from './profiles.ts';

/** What may be said behind the name of a bench. */
export interface BenchWish {
  readonly full: boolean;
  readonly profile?: Profile;
  /** Of lines of rows. */
  readonly megabytes?: number;
}

/** Of one run. */
export interface Figures {
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly serverCpuSeconds: number;
  /** Measured apart, by their names. */
  readonly apart?: Readonly<Record<string, number>>;
}

export interface Compared {
  readonly profile: Profile;
  readonly megabytes: number;
  readonly ways: readonly { readonly way: string; readonly runs: readonly Figures[] }[];
}

/** What a way used, of its own and of the server. */
export async function figuresOf(server: RunningServer, run: () => Promise<Measured>): Promise<Figures> {
  const usage = watchTree(server.pid);
  const { seconds, cpuSeconds } = await run();
  return { seconds, clientCpuSeconds: cpuSeconds, serverCpuSeconds: usage().cpuSeconds };
}

/** Runs all ways in turn: what the machine does beside is the same for all of them. */
export async function inTurn(
  rounds: number,
  ways: Readonly<Record<string, () => Promise<Figures>>>,
): Promise<Compared['ways']> {
  const measured = Object.entries(ways).map(([way, run]) => ({ way, run, runs: [] as Figures[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, runs } of measured) runs.push(await run());
  }
  return measured.map(({ way, runs }) => ({ way, runs }));
}

/** Prints a table, writes it into its section of docs/performance.md, and ends with JSON. */
export function report(bench: 'dump' | 'restore', heading: string, compared: Compared): void {
  const rows = rowsOf(compared);
  const { profile, ways } = compared;
  const table = [
    '| data, MB | way | wall s | CPU s | of it the server | wall ratio | CPU ratio | apart |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ megabytes, way, seconds, cpu, server, wallRatio, cpuRatio, apart }) =>
        `| ${profile}, ${megabytes} | ${way} | ${seconds.toFixed(2)} | ${cpu.toFixed(2)} | ${server.toFixed(2)} | ${wallRatio.toFixed(2)} | ${cpuRatio.toFixed(2)} | ${apart} |`,
    ),
  ].join('\n');
  console.log(table);
  const date = new Date().toISOString();
  const rounds = ways[0]?.runs.length ?? 0;
  const told = `${machine().processors} processors, ${date.slice(0, 10)}, medians of ${rounds} runs in turn.`;
  const section = `## ${heading}: \`${profile}\`\n\n\`npm run bench -- ${bench} ${profile}\`: ${told}\n\n${table}`;
  writeSection(`${bench} ${profile}`, section);
  console.log(JSON.stringify({ bench, date, machine: machine(), rows, ways }));
}

function rowsOf({ profile, megabytes, ways }: Compared) {
  const medians = ways.map(({ way, runs }) => {
    const of = (figure: (run: Figures) => number): number => middle(runs.map(figure));
    const server = of((run) => run.serverCpuSeconds);
    const names = Object.keys(runs[0]?.apart ?? {});
    return {
      way,
      server,
      seconds: of((run) => run.seconds),
      cpu: of((run) => run.clientCpuSeconds + run.serverCpuSeconds),
      apart: names
        .map((name) => `${name} ${of((run) => run.apart?.[name] ?? Number.NaN).toFixed(2)}`)
        .join(', '),
    };
  });
  const [first] = medians;
  return medians.map((median) => ({
    profile,
    megabytes,
    ...median,
    wallRatio: median.seconds / (first?.seconds ?? Number.NaN),
    cpuRatio: median.cpu / (first?.cpu ?? Number.NaN),
  }));
}

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');

/** Writes into docs/performance.md: between two marks of its own, the first time at the end. */
export function writeSection(name: string, section: string): void {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end of bench ${name} -->`];
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before = text, rest = ''] = text.split(`${begin}\n`);
  const after = rest.split(`${end}\n`)[1] ?? '';
  writeFileSync(DOCUMENT, `${before.trimEnd()}\n\n${begin}\n${section}\n${end}\n${after}`);
}
