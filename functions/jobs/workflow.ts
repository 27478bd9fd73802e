import * as z from 'zod';
import { readConfig } from '../config.ts';
import { driveStarted, type StartedPorts } from '../core/drive-started.ts';
import { parseBackupId, parseRestoreId } from '../core/ids.ts';
import { refuseRun, settleRun } from '../core/settle-run.ts';
import { settleVerification, verificationLeft } from '../core/settle-verification.ts';
import { durableHandler, settlePorts, workerOf } from '../services.ts';

const config = readConfig('workflow', process.env);
const ports = settlePorts(config);

const version = z.literal(1);
const backupId = z.string().transform(parseBackupId);
const payload = z.discriminatedUnion('kind', [
  z.strictObject({ version, kind: z.literal('backup'), runId: backupId, network: z.string() }),
  z.strictObject({
    version,
    kind: z.literal('restore'),
    runId: z.string().transform(parseRestoreId),
    network: z.string(),
  }),
  z.strictObject({ version, kind: z.literal('expire'), runId: backupId }),
  z.strictObject({
    version,
    kind: z.literal('verify'),
    runId: backupId,
    attempt: z.int().min(1),
    requestedAt: z.string(),
  }),
]);

const drivePorts: StartedPorts = {
  parse: (given) => payload.safeParse(given).data,
  refuse: (id, reason) => refuseRun(ports, id, reason),
  workerOf: workerOf(config),
  settle: (id) => settleRun(ports, id),
  verificationLeft: (id) => verificationLeft(ports, id),
  settleVerification: (job) => settleVerification(ports, job),
};

/** Drives every run; invoked anew whenever something that it waits for has happened. */
export const handler = durableHandler((steps, started) => driveStarted(steps, drivePorts, started));
