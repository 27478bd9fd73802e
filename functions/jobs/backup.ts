import { readConfig } from '../config.ts';
import { backupPayload } from '../core/job-payloads.ts';
import { runBackup } from '../core/run-backup.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { log, workerPorts } from '../services.ts';

const config = readConfig('backup', process.env);
const shared = workerPorts(config);
const ports = { ...shared, runs: shared.backups };

/** Kept of the worker's time for aborting uploads, killing programs and writing the end. */
const CLEAN_UP_MS = 60_000;

/** Makes one backup, in the network of its database. */
export const handler = jobHandler(
  { name: 'backup', payload: backupPayload, marginMs: CLEAN_UP_MS, log: log() },
  async ({ runId }, { deadline, remainingMs, endsAt }) => {
    await runBackup(
      ports,
      {
        deadline,
        leaseMs: config.LEASE_MS,
        heartbeatMs: config.HEARTBEAT_MS,
        workerEndsAt: endsAt,
        networks: config.NETWORKS,
        clientRoot: config.MYSQL_CLIENT_ROOT,
        zstdLevel: config.ZSTD_LEVEL,
        chunkBytes: config.CHUNK_BYTES,
        lanes: config.LANES,
        lockBudgetMs: config.LOCK_BUDGET_MS,
        rereadLimitBytes: config.REREAD_LIMIT_BYTES,
        dumpBytesPerSecond: config.DUMP_BYTES_PER_SECOND,
        loadBytesPerSecond: config.LOAD_BYTES_PER_SECOND,
        workerSeconds: remainingMs / 1_000,
      },
      runId,
    );
  },
);
