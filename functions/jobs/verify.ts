import * as z from 'zod';
import { readConfig } from '../config.ts';
import { parseBackupId } from '../core/ids.ts';
import { runVerification } from '../core/run-verification.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { backupStore, log, now, objectStore } from '../services.ts';

const config = readConfig('verify', process.env);
const ports = { backups: backupStore(config), objects: objectStore(config), log: log(), now };

/** Kept of the worker's time for writing the end. */
const CLEAN_UP_MS = 10_000;

const payload = z.strictObject({
  version: z.literal(1),
  kind: z.literal('verify'),
  runId: z.string(),
  attempt: z.int().min(1),
  requestedAt: z.string(),
});

/** Re-reads one backup; in no VPC, and its role may read objects by version and nothing else of them. */
export const handler = jobHandler(
  { name: 'verify', payload, marginMs: CLEAN_UP_MS, log: log() },
  ({ runId, attempt }, { deadline }) =>
    runVerification(
      ports,
      { deadline, leaseMs: config.LEASE_MS, heartbeatMs: config.HEARTBEAT_MS },
      { id: parseBackupId(runId), attempt },
    ),
);
