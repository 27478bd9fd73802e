import * as z from 'zod';
import { readConfig } from '../config.ts';
import { sweep } from '../core/sweep.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { log, settlePorts } from '../services.ts';

const config = readConfig('sweep', process.env);
const ports = settlePorts(config);

/** What the rule sends is nothing to go by. */
const payload = z.object({});

/** Ends what is dead: runs without a final state, and uploads of runs that are over. Runs every minute. */
export const handler = jobHandler({ name: 'sweep', payload, log: log() }, async (_, { deadline }) => {
  const report = await sweep(ports, deadline);
  log().info('swept', { ...report });
  return report;
});
