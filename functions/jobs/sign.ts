import * as z from 'zod';
import { readConfig } from '../config.ts';
import { signMissing } from '../core/sign-missing.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { backupStore, log, manifestSigner, now, objectStore } from '../services.ts';

const config = readConfig('sign', process.env);
const ports = {
  backups: backupStore(config),
  objects: objectStore(config),
  signer: manifestSigner(config),
  log: log(),
  now,
};

const payload = z.object({ from: z.iso.datetime().exactOptional() });

/** Signs the manifests that have no signature; its role is the only one that may. Runs every minute. */
export const handler = jobHandler({ name: 'sign', payload, log: log() }, (asked, { deadline }) =>
  signMissing(ports, { ...asked, deadline }),
);
