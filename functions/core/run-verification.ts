import { type ErrorCode, type Failure, isCode, SafeBaseError, toFailure } from '../errors.ts';
import { changeVerification, ownVerification } from './change-verification.ts';
import type { HoldSettings } from './hold-run.ts';
import type { BackupId } from './ids.ts';
import { keepLease, type Lease } from './keep-lease.ts';
import type { Log, Now, ObjectStore, RunStore } from './ports.ts';
import type { Backup } from './run.ts';
import type { Verification } from './verification.ts';
import { verifyBackup } from './verify-backup.ts';

interface RunVerificationPorts {
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Takes the queued verification with this number, reads everything, and writes what came of it. One that is not queued is
 * left alone: a start may be delivered twice, or late.
 * @throws what kept the end from being written; the lease then tells the truth by running out
 */
export async function runVerification(
  ports: RunVerificationPorts,
  settings: HoldSettings,
  { id, attempt }: { readonly id: BackupId; readonly attempt: number },
): Promise<void> {
  const backup = await take(ports, settings, id, attempt);
  if (backup === undefined) return;
  const life = keepAlive(ports, settings, backup, attempt);
  const { signal, onProgress } = life;
  const outcome = await verifyBackup(ports.objects, backup, { signal, onProgress }).then(
    ({ bytesOnly }) => ({ state: 'passed', ...(bytesOnly.length > 0 && { bytesOnly }) }) as const,
    (error: unknown) => {
      const cause = signal.aborted ? signal.reason : error;
      const failure = failureOf(cause);
      const what = isDamage(failure.code) ? 'a backup is damaged' : 'a verification came to no result';
      ports.log.error(what, { backupId: id, attempt, failure, error: cause });
      return { state: 'failed', failure } as const;
    },
  );
  await life.stop();
  await changeVerification(ports.backups, id, (found) => {
    const { leaseExpiresAt: _, ...running } = ownVerification(found, attempt, ['running']);
    return { ...running, ...life.progress(), ...outcome, endedAt: new Date(ports.now()).toISOString() };
  });
}

async function take(
  { backups, log, now }: RunVerificationPorts,
  { leaseMs }: HoldSettings,
  id: BackupId,
  attempt: number,
): Promise<Backup | undefined> {
  const time = now();
  try {
    return await changeVerification(backups, id, (backup) => {
      const queued = ownVerification(backup, attempt, ['queued']);
      if (Date.parse(queued.leaseExpiresAt ?? '') <= time) {
        throw new SafeBaseError('fenced', `verification ${attempt} of ${id} was started too late`);
      }
      return {
        ...queued,
        state: 'running',
        startedAt: new Date(time).toISOString(),
        leaseExpiresAt: new Date(time + leaseMs).toISOString(),
      };
    });
  } catch (error) {
    const isOver = isCode(error, 'fenced', 'wrong_state', 'not_found');
    if (!isOver) throw error;
    log.info('verification is not queued, nothing to do', { backupId: id, attempt });
    return undefined;
  }
}

/** Signs of life that tell how far the reading is. */
function keepAlive(
  ports: RunVerificationPorts,
  settings: HoldSettings,
  { id, verification }: Backup,
  attempt: number,
) {
  let progress: Pick<Verification, 'bytesRead' | 'bytesToRead'> = {};
  const giveSign = (): Promise<void> =>
    lease.renew(async (leaseExpiresAt) => {
      const alive = (found: Backup): Verification => ({
        ...ownVerification(found, attempt, ['running']),
        ...progress,
        leaseExpiresAt,
      });
      await changeVerification(ports.backups, id, alive, false);
    });
  const lease: Lease = keepLease(ports, settings, {
    name: `the lease to verify ${id}`,
    owner: { backupId: id },
    leaseExpiresAt: verification?.leaseExpiresAt,
    beat: giveSign,
  });
  return {
    signal: AbortSignal.any([settings.deadline, lease.lost]),
    onProgress: (bytesRead: number, bytesToRead: number): void => {
      progress = { bytesRead, bytesToRead };
    },
    progress: () => progress,
    stop: lease.stop,
  };
}

/** What the codes of a restore advise does not fit here: nothing was to be written. */
const DAMAGE: readonly ErrorCode[] = [
  'backup_damaged',
  'dump_truncated',
  'dump_escapes_target',
  'signature_invalid',
];
const isDamage = (code: ErrorCode): boolean => DAMAGE.includes(code);

function failureOf(error: unknown): Failure {
  const failure = toFailure(error);
  return isDamage(failure.code)
    ? { ...failure, hint: 'Make another backup now: a restore refuses this one.' }
    : failure;
}
