/** What the API answers, but for runs. Kinds, codes and phases are plain text: an old client must not break on a new one. */
import * as z from 'zod';
import { text } from './words.ts';

const shownCredentials = z.object({
  username: text.optional(),
  secretArn: text.optional(),
  managed: z.boolean(),
});
export const failure = z.object({ code: text, reason: text, hint: text });
export const server = z.object({ product: text, version: text, support: text });
export const database = z.object({
  id: text,
  name: text,
  host: text,
  port: z.int(),
  schemas: z.union([z.literal('all'), z.array(text)]),
  network: text,
  tls: z.object({ mode: text, ca: text.optional() }),
  backupCredentials: shownCredentials,
  restoreCredentials: shownCredentials.optional(),
  server: server.optional(),
  createdAt: text,
  updatedAt: text,
  version: z.int(),
});
export const probeReport = z.object({
  ok: z.boolean(),
  tls: z.object({ mode: text }),
  server: server.optional(),
  schemas: z.array(text).optional(),
  sizeBytes: z.number().optional(),
  latencyMs: z.number().optional(),
  missingGrants: z.array(text).optional(),
  failure: failure.optional(),
});
const grantScript = z.object({
  account: text,
  create: text,
  required: z.array(text),
  optional: z.array(z.object({ statement: text, for: text })),
  /** All of it, to paste. */
  script: text,
});
export const grants = z.object({ server: server.optional(), backup: grantScript, restore: grantScript });
const link = z.object({
  schema: text,
  fileName: text,
  sizeBytes: z.number(),
  sha256: text,
  url: text,
});
export const download = z.object({ expiresAt: text, dumps: z.array(link) });
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: text.optional() });
export const removal = z.object({ id: text, backupsQueuedForDeletion: z.int() });
