/** What a process and all that it starts use, looked at again and again until it ends. */
import { readdirSync, readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 20;
/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface Usage {
  readonly cpuSeconds: number;
  /** Of all processes together; pages that they share count for each. */
  readonly peakBytes: number;
}

interface Look {
  readonly parent: number;
  readonly ticks: number;
  readonly bytes: number;
}

/** @returns stops looking, and tells what was used since the start */
export function watchTree(root: number): () => Usage {
  const before = look(root)?.ticks ?? 0;
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

function treeOf(root: number): Map<number, Look> {
  const all = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name): [number, Look][] => {
        const found = look(Number(name));
        return found ? [[Number(name), found]] : [];
      }),
  );
  const belongs = (pid: number): boolean => {
    if (pid === root) return true;
    const parent = all.get(pid)?.parent ?? 0;
    return parent > 1 && belongs(parent);
  };
  return new Map([...all].filter(([pid]) => belongs(pid)));
}

function look(pid: number): Look | undefined {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /);
    const fields = rest.split(' ');
    return {
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      bytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    return undefined;
  }
}
