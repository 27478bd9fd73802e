import { readConfig } from '../config.ts';
import { restorePayload } from '../core/job-payloads.ts';
import { runRestore } from '../core/run-restore.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { log, workerPorts } from '../services.ts';

const config = readConfig('restore', process.env);
const shared = workerPorts(config);
const ports = { ...shared, runs: shared.restores };

/** Kept of the worker's time for aborting uploads, killing programs and writing the end. */
const CLEAN_UP_MS = 60_000;

/** Restores one backup, in the network of the target. */
export const handler = jobHandler(
  { name: 'restore', payload: restorePayload, marginMs: CLEAN_UP_MS, log: log() },
  async ({ runId }, { deadline, remainingMs, endsAt }) => {
    await runRestore(
      ports,
      {
        deadline,
        leaseMs: config.LEASE_MS,
        heartbeatMs: config.HEARTBEAT_MS,
        workerEndsAt: endsAt,
        networks: config.NETWORKS,
        clientRoot: config.MYSQL_CLIENT_ROOT,
        loadBytesPerSecond: config.LOAD_BYTES_PER_SECOND,
        workerSeconds: remainingMs / 1_000,
      },
      runId,
    );
  },
);
