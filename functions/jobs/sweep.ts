import * as z from 'zod';
import { readConfig } from '../config.ts';
import { startMissingVerifications } from '../core/start-missing-verifications.ts';
import { sweep } from '../core/sweep.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { log, settlePorts, workflows } from '../services.ts';

const config = readConfig('sweep', process.env);
const ports = { ...settlePorts(config), workflows: workflows(config) };

/** What the rule sends is nothing to go by. */
const payload = z.object({});

/**
 * Ends what is dead: runs without a final state, and uploads of runs that are over; then has those backups verified that
 * were too large for it at their end. Runs every minute.
 */
export const handler = jobHandler({ name: 'sweep', payload, log: log() }, async (_, { deadline }) => {
  const swept = await sweep(ports, deadline);
  const missing = await startMissingVerifications(ports, { queueLeaseMs: config.QUEUE_LEASE_MS, deadline });
  const report = { ...swept, ...missing };
  log().info('swept', { ...report });
  return report;
});
