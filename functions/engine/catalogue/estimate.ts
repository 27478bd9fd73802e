import { SafeBaseError } from '../../errors.ts';

/** How long a dump and a later load of a size would take. */
export interface Estimate {
  readonly sizeBytes: number;
  readonly dumpSeconds: number;
  readonly loadSeconds: number;
}

interface Rates {
  readonly dumpBytesPerSecond: number;
  readonly loadBytesPerSecond: number;
}

/** @param sizeBytes bytes of rows */
export const estimateTimes = (sizeBytes: number, rates: Rates): Estimate => ({
  sizeBytes,
  dumpSeconds: Math.ceil(sizeBytes / rates.dumpBytesPerSecond),
  loadSeconds: Math.ceil(sizeBytes / rates.loadBytesPerSecond),
});

/**
 * Refuses what one worker could not dump, or could dump but never load again.
 * @param workerSeconds what a worker can use of its time
 * @throws `too_large_for_sql` with both estimates
 */
export function refuseTooLarge(estimate: Estimate, workerSeconds: number): void {
  const { sizeBytes, dumpSeconds, loadSeconds } = estimate;
  if (Math.max(dumpSeconds, loadSeconds) <= workerSeconds) return;
  const gigabytes = (sizeBytes / 1e9).toFixed(1);
  throw new SafeBaseError(
    'too_large_for_sql',
    `${gigabytes} GB would take about ${dumpSeconds} s to dump and ${loadSeconds} s to load, and one worker has ${workerSeconds} s`,
    { details: { sizeBytes, dumpSeconds, loadSeconds, workerSeconds } },
  );
}
