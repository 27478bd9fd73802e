import { isCode } from '../errors.ts';
import type { DatabaseId } from './ids.ts';
import type { IdempotencyStore } from './ports.ts';
import { startsBackup } from './start-backup.ts';
import { startOnce } from './start-once.ts';
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

/** Longer than Scheduler repeats a delivery (24 h at most) and Lambda a call that failed (6 h). */
const REMEMBER_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Starts the backup that a schedule planned, once for each planned time however often it is delivered. Where another
 * run is active on the database the planned one is skipped, and the log says so. A start that failed is made up for by the
 * next delivery.
 * @throws `idempotency_key_reused` where that time was planned for another database, and as `startBackup`, but `run_active`
 */
export async function dispatchSchedule(ports: DispatchPorts, due: DueSchedule): Promise<Dispatched> {
  const { scheduleId, databaseId, scheduledTime, queueLeaseMs } = due;
  const starts = startsBackup(ports, { databaseId, requestedBy: `schedule:${scheduleId}`, queueLeaseMs });
  let result: Dispatched['result'] = 'repeated';
  const start: typeof starts.start = async (id) => {
    const backup = await starts.start(id);
    result = 'started';
    return backup;
  };
  try {
    const { id: runId } = await startOnce(
      ports,
      { ...starts, start },
      { key: scheduledTime, principalId: scheduleId, rememberMs: REMEMBER_MS, request: { databaseId } },
    );
    return { result, runId };
  } catch (error) {
    if (!isCode(error, 'run_active')) throw error;
    ports.log.info('scheduled backup skipped, another run is active', { ...due, ...error.details });
    return { result: 'skipped', runId: String(error.details.runId) };
  }
}
