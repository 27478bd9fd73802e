import type { Progress, Work } from './run.ts';

/** So many signs of life make the rate: enough to smooth a pause, few enough to show a change. */
const SAMPLES = 8;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Adds rate and estimated end to what a worker tells, from one sign of life to the next. A new phase is measured anew:
 * its bytes are others.
 */
export function progressMeter(): (work: Work, now: number) => Progress {
  let phase: Work['phase'] | undefined;
  let samples: readonly Sample[] = [];
  return (work, now) => {
    if (work.phase !== phase) samples = [];
    phase = work.phase;
    if (work.bytesDone === undefined) return work;
    // A dump that begins anew.
    if (work.bytesDone < (samples.at(-1)?.bytes ?? 0)) samples = [];
    samples = [...samples, { at: now, bytes: work.bytesDone }].slice(-SAMPLES);
    const bytesPerSecond = rateOf(samples);
    if (bytesPerSecond === undefined) return work;
    const estimatedEnd = endOf(work, bytesPerSecond, now);
    return { ...work, bytesPerSecond, ...(estimatedEnd === undefined ? {} : { estimatedEnd }) };
  };
}

function rateOf(samples: readonly Sample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  return Math.max(0, Math.round(((last.bytes - first.bytes) * 1_000) / (last.at - first.at)));
}

/** A year: what takes longer is a run that stands, not an estimate. */
const LONGEST_MS = 365 * 24 * 60 * 60 * 1_000;

function endOf({ bytesDone = 0, bytesEstimated = 0 }: Work, rate: number, now: number): string | undefined {
  const left = bytesEstimated - bytesDone;
  if (left < 0 || rate <= 0) return undefined;
  const ms = (left / rate) * 1_000;
  return ms > LONGEST_MS ? undefined : new Date(now + ms).toISOString();
}
