import * as z from 'zod';
import { readConfig } from '../config.ts';
import { adoptBackups } from '../core/adopt-backups.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { auditLog, backupStore, databaseStore, log, manifestSigner, now, objectStore } from '../services.ts';

const config = readConfig('reindex', process.env);
const ports = {
  databases: databaseStore(config),
  backups: backupStore(config),
  objects: objectStore(config),
  now,
};
const signer = manifestSigner(config);
const audit = auditLog(config);

const payload = z.strictObject({
  /** PEM of the key that signed, where it is not this stack's. */
  publicKey: z.string().max(4_096).includes('-----BEGIN PUBLIC KEY-----').exactOptional(),
  /** From the answer of the call before. */
  cursor: z.string().startsWith('databases/').max(1_024).exactOptional(),
});

/** Makes records of the backups in the bucket that have none; who may invoke this function is decided by IAM alone. */
export const handler = jobHandler(
  { name: 'reindex', payload, log: log() },
  async ({ publicKey, ...rest }, { deadline, requestId }) => {
    const trusted = publicKey ?? (await signer.publicKey());
    await audit.record({
      at: new Date(now()).toISOString(),
      actor: 'iam',
      action: 'reindex',
      on: publicKey === undefined ? 'key of this stack' : 'key given',
      result: 'done',
      requestId,
    });
    return adoptBackups(ports, { ...rest, publicKey: trusted, deadline });
  },
);
