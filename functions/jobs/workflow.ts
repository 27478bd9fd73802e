import { readConfig } from '../config.ts';
import { driveStarted, type StartedPorts } from '../core/drive-started.ts';
import { litterLeft } from '../core/expire-backup.ts';
import { startedJob } from '../core/job-payloads.ts';
import { refuseRun, settleRun } from '../core/settle-run.ts';
import { refuseVerification, settleVerification, verificationLeft } from '../core/settle-verification.ts';
import { durableHandler, settlePorts, workerOf } from '../services.ts';

const config = readConfig('workflow', process.env);
const ports = settlePorts(config);

const drivePorts: StartedPorts = {
  parse: (given) => startedJob.safeParse(given).data,
  refuse: (id, reason) => refuseRun(ports, id, reason),
  refuseVerification: (id, reason) => refuseVerification(ports, id, reason),
  workerOf: workerOf(config),
  settle: (id) => settleRun(ports, id),
  litterLeft: (id) => litterLeft(ports.backups, id),
  verificationLeft: (id) => verificationLeft(ports, id),
  settleVerification: (job) => settleVerification(ports, job),
};

/** Drives every run; invoked anew whenever something that it waits for has happened. */
export const handler = durableHandler((steps, started) => driveStarted(steps, drivePorts, started));
