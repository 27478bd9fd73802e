/** What a process and all that it starts use, looked at again and again until it ends. */
import { readdirSync, readFileSync } from 'node:fs';

/** Each look at a worker with its threads takes a millisecond from what is measured. */
const LOOK_EVERY_MS = 100;
/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface Usage {
  readonly cpuSeconds: number;
  /** Of all processes together; pages that they share count for each. */
  readonly peakBytes: number;
}

interface Look {
  readonly ticks: number;
  readonly bytes: number;
}

/** @returns stops looking, and tells what was used since the start */
export function watchTree(root: number): () => Usage {
  // Also of those that it had started by then.
  const before = [...treeOf(root).values()].reduce((sum, { ticks }) => sum + ticks, 0);
  const ticks = new Map<number, number>();
  let peakBytes = 0;
  const sample = () => {
    const tree = treeOf(root);
    for (const [pid, process] of tree) ticks.set(pid, process.ticks);
    peakBytes = Math.max(
      peakBytes,
      [...tree.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    );
  };
  sample();
  const timer = setInterval(sample, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    sample();
    const used = [...ticks.values()].reduce((sum, count) => sum + count, 0) - before;
    return { cpuSeconds: used / TICKS_PER_SECOND, peakBytes };
  };
}

/** The most that a process alone has had in memory since it began, by the kernel's own count. */
export function peakBytesOf(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** What programs used that were started here and have ended, with all that they started and waited for. */
export function endedCpuSeconds(): number {
  const [, rest = ''] = readFileSync('/proc/self/stat', 'utf8').split(/\) /);
  const [user, system] = rest.split(' ').slice(13, 15).map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND;
}

function treeOf(root: number): Map<number, Look> {
  const tree = new Map<number, Look>();
  const visit = (pid: number): void => {
    const found = look(pid);
    if (!found) return;
    tree.set(pid, found);
    for (const child of childrenOf(pid)) visit(child);
  };
  visit(root);
  return tree;
}

/** The children of each of its threads: only these are looked at, as a look at all processes costs more than a dump. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function look(pid: number): Look | undefined {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /);
    const fields = rest.split(' ');
    return {
      ticks: Number(fields[11]) + Number(fields[12]),
      bytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    return undefined;
  }
}
