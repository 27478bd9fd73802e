import { SafeBaseError } from '../../errors.ts';

/** How long a dump and a later load of a size would take. */
export interface Estimate {
  readonly sizeBytes: number;
  readonly dumpSeconds: number;
  readonly loadSeconds: number;
}

/** What is expected of a worker; infinite where nothing is to be dumped or loaded. */
export interface Rates {
  readonly dumpBytesPerSecond: number;
  readonly loadBytesPerSecond: number;
}

type Format = 'sql' | 'parallel';

/** @param sizeBytes bytes of rows */
export const estimateTimes = (sizeBytes: number, rates: Rates): Estimate => ({
  sizeBytes,
  dumpSeconds: Math.ceil(sizeBytes / rates.dumpBytesPerSecond),
  loadSeconds: Math.ceil(sizeBytes / rates.loadBytesPerSecond),
});

/**
 * Refuses what one worker could not dump, or could dump but never load again.
 * @param sizeBytes bytes of rows
 * @param workerSeconds what a worker can use of its time
 * @param table whose rows these are, where they are those of one table
 * @throws `too_large_for_sql`, `too_large_for_one_worker` with both estimates, and the rates that they go by
 */
export function refuseTooLarge(
  format: Format,
  sizeBytes: number,
  rates: Rates,
  workerSeconds: number,
  table?: string,
): void {
  const estimate = estimateTimes(sizeBytes, rates);
  const ways = [
    ['dump', estimate.dumpSeconds, rates.dumpBytesPerSecond],
    ['load', estimate.loadSeconds, rates.loadBytesPerSecond],
  ] as const;
  if (ways.every(([, seconds]) => seconds <= workerSeconds)) return;
  const told = ways
    .filter(([, , rate]) => Number.isFinite(rate))
    .map(([way, seconds, rate]) => `about ${seconds} s to ${way} at ${(rate / 1e6).toFixed(1)} MB a second`);
  const { dumpBytesPerSecond, loadBytesPerSecond } = rates;
  throw new SafeBaseError(
    tooLargeFor(format),
    `${table === undefined ? '' : `table ${table}: `}${(sizeBytes / 1e9).toFixed(1)} GB would take ${told.join(' and ')}, and one worker has ${Math.floor(workerSeconds)} s`,
    {
      ...(table !== undefined && {
        hint: 'One worker must compare a table as a whole. Where your server is faster than that, raise LOAD_BYTES_PER_SECOND of the functions backup and restore.',
      }),
      details: {
        ...estimate,
        ...(Number.isFinite(dumpBytesPerSecond) && { dumpBytesPerSecond }),
        ...(Number.isFinite(loadBytesPerSecond) && { loadBytesPerSecond }),
        workerSeconds,
      },
    },
  );
}

/** What is said of a database that a format cannot carry whole. */
export const tooLargeFor = (format: Format) =>
  format === 'sql' ? 'too_large_for_sql' : 'too_large_for_one_worker';
