/** What is handed from a start to its workflow, and from there to the worker. Strict: another version is told, not guessed. */
import * as z from 'zod';
import { type BackupId, isBackupId, isRestoreId, type RestoreId } from './ids.ts';

const version = z.literal(1);
const backupId = z.custom<BackupId>(
  (id) => typeof id === 'string' && isBackupId(id),
  'is not the id of a backup',
);
const restoreId = z.custom<RestoreId>(
  (id) => typeof id === 'string' && isRestoreId(id),
  'is not the id of a restore',
);

export const backupPayload = z.strictObject({
  version,
  kind: z.literal('backup'),
  runId: backupId,
  network: z.string(),
});
export const restorePayload = z.strictObject({
  version,
  kind: z.literal('restore'),
  runId: restoreId,
  network: z.string(),
});
export const expirePayload = z.strictObject({ version, kind: z.literal('expire'), runId: backupId });
/** One verification of a backup, which may be verified often: its number, and when it was asked for (ISO 8601). */
export const verifyPayload = z.strictObject({
  version,
  kind: z.literal('verify'),
  runId: backupId,
  attempt: z.int().min(1),
  requestedAt: z.string(),
});

/** What a workflow can be started with; `network` picks the set of workers. */
export const startedJob = z.discriminatedUnion('kind', [
  backupPayload,
  restorePayload,
  expirePayload,
  verifyPayload,
]);
export type StartedJob = Readonly<z.output<typeof startedJob>>;
export type RestoreJob = Readonly<z.output<typeof restorePayload>>;
export type VerifyJob = Readonly<z.output<typeof verifyPayload>>;
