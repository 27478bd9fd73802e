/** One timer for each execution: it rings when something of it comes due. */

export interface Timers {
  /** Replaces the timer that is set. @param at milliseconds since the epoch */
  set(arn: string, at: number): void;
  clear(arn: string): void;
  close(): void;
}

/** Node's timers take 24.8 days at most; the clock may also be set meanwhile. */
const LONGEST_MS = 3600 * 1000;

export function createTimers(now: () => number, ring: (arn: string) => void): Timers {
  const timers = new Map<string, NodeJS.Timeout>();
  const clear = (arn: string): void => {
    clearTimeout(timers.get(arn));
    timers.delete(arn);
  };
  const set = (arn: string, at: number): void => {
    clear(arn);
    const waitMs = Math.max(0, at - now());
    const due = (): void => (now() < at ? set(arn, at) : ring(arn));
    timers.set(arn, setTimeout(due, Math.min(waitMs, LONGEST_MS)));
  };
  return {
    set,
    clear,
    close: () => {
      for (const arn of [...timers.keys()]) clear(arn);
    },
  };
}
