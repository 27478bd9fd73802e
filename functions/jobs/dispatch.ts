import * as z from 'zod';
import { readConfig } from '../config.ts';
import { dispatchSchedule } from '../core/dispatch-schedule.ts';
import { parseDatabaseId } from '../core/ids.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { idempotencyStore, log, startPorts } from '../services.ts';

const config = readConfig('dispatch', process.env);
const ports = { ...startPorts(config), idempotency: idempotencyStore(config) };

const payload = z.strictObject({
  scheduleId: z.string().regex(/^[\w-]{1,64}$/),
  databaseId: z.string(),
  scheduledTime: z.iso.datetime({ offset: true }),
});

/** What a schedule calls when its time has come. */
export const handler = jobHandler({ name: 'dispatch', payload, log: log() }, (due) =>
  dispatchSchedule(ports, {
    ...due,
    databaseId: parseDatabaseId(due.databaseId),
    queueLeaseMs: config.QUEUE_LEASE_MS,
  }),
);
