import { restartRemoval } from './delete-backup.ts';
import { isBackupId } from './ids.ts';
import { asOf, type Backup, isActive, isLost, type Restore } from './run.ts';
import { type SettlePorts, settleBackup, settleRestore } from './settle-run.ts';
import type { Workflows } from './workflow-ports.ts';

/** What one sweep did. */
export interface SweepReport {
  /** Lost runs whose manifest was there. */
  readonly completed: number;
  readonly failed: number;
  readonly uploadsAborted: number;
  /** That had not ended in their time. */
  readonly removalsStarted: number;
  /** What could not be done now; the next sweep tries again. */
  readonly troubles: number;
}

type SweepPorts = SettlePorts & { readonly workflows: Workflows };

/** Runs of each kind, and uploads, that one sweep ends: what is left waits a minute. */
const MAX_RUNS = 100;
const MAX_UPLOADS = 500;
const OF_BACKUP = /^databases\/[^/]+\/backups\/([^/]+)\//;

/**
 * Gives every run whose lease ran out its final state, starts removals again that have not ended, and aborts the uploads
 * of all runs that are over. Safe at any time, also twice at once: every write is a condition on the fence that was read,
 * a removal does no harm twice, and an upload is judged by the record of its run alone, so that what a sweep leaves
 * undone is found by the next.
 */
export async function sweep(ports: SweepPorts, deadline: AbortSignal): Promise<SweepReport> {
  const counts = { completed: 0, failed: 0, uploadsAborted: 0, removalsStarted: 0, troubles: 0 };
  const attempt = async (what: object, work: () => Promise<keyof SweepReport | undefined>): Promise<void> => {
    if (deadline.aborted) return;
    try {
      const done = await work();
      if (done !== undefined) counts[done] += 1;
    } catch (error) {
      // One that cannot be ended must not keep the others from their end.
      counts.troubles += 1;
      ports.log.error('not swept, trying again in a minute', { ...what, error });
    }
  };
  for (const runId of await ports.backups.listLost(MAX_RUNS)) {
    await attempt({ runId }, () => endBackup(ports, runId));
  }
  for (const runId of await ports.restores.listLost(MAX_RUNS)) {
    await attempt({ runId }, () => endRestore(ports, runId));
  }
  await attempt({ uploads: 'all' }, async () => {
    await abortUploads(ports, deadline, attempt);
    return undefined;
  });
  return counts;
}

type Attempt = (what: object, work: () => Promise<keyof SweepReport | undefined>) => Promise<void>;

/** The index may be behind and tell of runs that live or have ended: only the record decides. */
async function endBackup(
  ports: SweepPorts,
  id: Backup['id'],
): Promise<'completed' | 'failed' | 'removalsStarted' | undefined> {
  const run = await ports.backups.get(id);
  if (run?.state === 'deleting') {
    if (!(Date.parse(run.leaseExpiresAt ?? '') <= ports.now())) return undefined;
    await restartRemoval(ports, run);
    return 'removalsStarted';
  }
  return run !== undefined && isLost(run, ports.now()) ? settleBackup(ports, run) : undefined;
}

async function endRestore(ports: SettlePorts, id: Restore['id']): Promise<'failed' | undefined> {
  const run = await ports.restores.get(id);
  return run !== undefined && isLost(run, ports.now()) ? settleRestore(ports, run) : undefined;
}

/** Also those that began after their run was ended: a worker that was stopped for a while may send what it had. */
async function abortUploads(ports: SettlePorts, deadline: AbortSignal, attempt: Attempt): Promise<void> {
  const isOver = new Map<string, boolean>();
  let aborted = 0;
  for await (const upload of ports.objects.listUploads('databases/')) {
    if (deadline.aborted || aborted >= MAX_UPLOADS) return;
    const [, owner = ''] = OF_BACKUP.exec(upload.key) ?? [];
    if (!isBackupId(owner)) continue;
    if (!isOver.has(owner)) isOver.set(owner, await hasEnded(ports, owner));
    if (!isOver.get(owner)) continue;
    aborted += 1;
    await attempt(upload, async () => {
      await ports.objects.abortUpload(upload);
      ports.log.info('an upload of a run that is over was aborted', { ...upload });
      return 'uploadsAborted';
    });
  }
}

/** One without a record is over as well: the record comes before the first byte. */
async function hasEnded(ports: SettlePorts, id: Backup['id']): Promise<boolean> {
  const run = await ports.backups.get(id);
  if (run === undefined) return true;
  return !isActive(asOf(run, ports.now()).state);
}
