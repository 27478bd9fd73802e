import { SafeBaseError } from '../errors.ts';
import { type DatabaseId, newBackupId, parseBackupId } from './ids.ts';
import type { IdempotencyStore } from './ports.ts';
import { startBackup } from './start-backup.ts';
import type { StartPorts } from './start-run.ts';

interface DispatchPorts extends StartPorts {
  readonly idempotency: IdempotencyStore;
}

export interface DueSchedule {
  readonly scheduleId: string;
  readonly databaseId: DatabaseId;
  /** The planned time, the same in every delivery of it. */
  readonly scheduledTime: string;
  readonly queueLeaseMs: number;
}

/** What came of a delivery. */
export interface Dispatched {
  readonly result: 'started' | 'repeated' | 'skipped';
  readonly runId: string;
}

/** Longer than Scheduler repeats a delivery (24 h at most). */
const REMEMBER_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Starts the backup that a schedule planned, once for each planned time however often it is delivered. Where another
 * run is active on the database the planned one is skipped, and the log says so.
 * @throws as `startBackup`, but `run_active`
 */
export async function dispatchSchedule(ports: DispatchPorts, due: DueSchedule): Promise<Dispatched> {
  const { scheduleId, databaseId, scheduledTime, queueLeaseMs } = due;
  const now = ports.now();
  const claim = await ports.idempotency.claim({
    key: `${scheduleId}/${scheduledTime}`,
    runId: newBackupId(now),
    request: databaseId,
    expiresAt: new Date(now + REMEMBER_MS).toISOString(),
  });
  const id = parseBackupId(claim.runId);
  // A first delivery that died between its claim and its record is made up for: the id is the same.
  if (!claim.first && (await ports.backups.get(id)) !== undefined) return { result: 'repeated', runId: id };
  try {
    await startBackup(ports, { id, databaseId, requestedBy: `schedule:${scheduleId}`, queueLeaseMs });
    return { result: 'started', runId: id };
  } catch (error) {
    if (!(error instanceof SafeBaseError)) throw error;
    if (error.code === 'version_conflict') return { result: 'repeated', runId: id };
    if (error.code !== 'run_active') throw error;
    ports.log.info('scheduled backup skipped, another run is active', { ...due, ...error.details });
    return { result: 'skipped', runId: String(error.details.runId) };
  }
}
