import { readConfig } from '../config.ts';
import { verifyPayload } from '../core/job-payloads.ts';
import { runVerification } from '../core/run-verification.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { backupStore, log, now, objectStore } from '../services.ts';

const config = readConfig('verify', process.env);
const ports = { backups: backupStore(config), objects: objectStore(config), log: log(), now };

/** Kept of the worker's time for writing the end. */
const CLEAN_UP_MS = 10_000;

/** Re-reads one backup; in no VPC, and its role may read objects by version and nothing else of them. */
export const handler = jobHandler(
  { name: 'verify', payload: verifyPayload, marginMs: CLEAN_UP_MS, log: log() },
  ({ runId, attempt }, { deadline }) =>
    runVerification(
      ports,
      { deadline, leaseMs: config.LEASE_MS, heartbeatMs: config.HEARTBEAT_MS },
      { id: runId, attempt },
    ),
);
