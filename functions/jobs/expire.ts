import { readConfig } from '../config.ts';
import { expireBackup } from '../core/expire-backup.ts';
import { expirePayload } from '../core/job-payloads.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { backupStore, log, now, objectStore } from '../services.ts';

const config = readConfig('expire', process.env);
const ports = { backups: backupStore(config), objects: objectStore(config), log: log(), now };

/** Removes the objects of a backup that is marked for it; the only function whose role may. */
export const handler = jobHandler({ name: 'expire', payload: expirePayload, log: log() }, ({ runId }) =>
  expireBackup(ports, runId),
);
