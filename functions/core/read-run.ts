import { SafeBaseError } from '../errors.ts';
import type { RunStore } from './ports.ts';
import { asOf, type Backup, type Restore } from './run.ts';

/** A run as it stands now (ms since the epoch), whatever was last written down. @throws `not_found` */
export async function readRun<R extends Backup | Restore>(
  runs: Pick<RunStore<R>, 'get'>,
  id: R['id'],
  now: number,
): Promise<R> {
  const run = await runs.get(id);
  if (run === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  return asOf(run, now);
}
