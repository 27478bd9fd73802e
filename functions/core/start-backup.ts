import type { BackupFormat } from './backup-format.ts';
import { type BackupId, type DatabaseId, newBackupId, parseBackupId } from './ids.ts';
import type { Backup } from './run.ts';
import type { Starts } from './start-once.ts';
import { type StartPorts, startRun } from './start-run.ts';

export interface BackupOrder {
  readonly databaseId: DatabaseId;
  readonly requestedBy: string;
  /** How long the start may wait for its worker (ms). */
  readonly queueLeaseMs: number;
  /** Whether it may hold nothing of a schema of which the backup before held something. @default false */
  readonly acceptEmptied?: boolean;
  /** @default parallel */
  readonly format?: BackupFormat;
  /** For starts that may be delivered twice; otherwise a new one. */
  readonly id?: BackupId;
}

/** Starts a backup. @throws as `startRun` */
export function startBackup(ports: StartPorts, order: BackupOrder): Promise<Backup> {
  const id = order.id ?? newBackupId(ports.now());
  return startRun<Backup>(ports, {
    ...order,
    id,
    runs: ports.backups,
    record: (common) => ({
      id,
      format: order.format ?? 'parallel',
      ...(order.acceptEmptied === true && { acceptEmptied: true }),
      ...common,
    }),
    job: (run, { network }) => ({ version: 1, kind: 'backup', runId: run.id, network }),
  });
}

/** The same for `startOnce`. */
export const startsBackup = (ports: StartPorts, order: Omit<BackupOrder, 'id'>): Starts<Backup> => ({
  runs: ports.backups,
  newId: () => newBackupId(ports.now()),
  parseId: parseBackupId,
  start: (id) => startBackup(ports, { ...order, id }),
});
