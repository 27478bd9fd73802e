import * as z from 'zod';
import { readConfig } from '../config.ts';
import { createToken } from '../core/tokens.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { auditLog, log, now, tokenHasher, tokenStore } from '../services.ts';

const config = readConfig('admin-token', process.env);
const ports = { tokens: tokenStore(config), hasher: tokenHasher(config), audit: auditLog(config), now };

const payload = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(['viewer', 'operator', 'restorer', 'admin']).default('admin'),
  expiresInDays: z.int().min(1).max(3650).optional(),
});

/** Makes a token and answers it this once; who may invoke this function is decided by IAM alone. */
export const handler = jobHandler({ name: 'admin-token', payload, log: log() }, (token, { requestId }) =>
  createToken(ports, token, { actor: 'iam', requestId }),
);
