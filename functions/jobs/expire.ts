import * as z from 'zod';
import { readConfig } from '../config.ts';
import { expireBackup } from '../core/expire-backup.ts';
import { parseBackupId } from '../core/ids.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { backupStore, log, now, objectStore } from '../services.ts';

const config = readConfig('expire', process.env);
const ports = { backups: backupStore(config), objects: objectStore(config), log: log(), now };

const payload = z.strictObject({ version: z.literal(1), kind: z.literal('expire'), runId: z.string() });

/** Removes the objects of a backup that is marked for it; the only function whose role may. */
export const handler = jobHandler({ name: 'expire', payload, log: log() }, ({ runId }) =>
  expireBackup(ports, parseBackupId(runId)),
);
