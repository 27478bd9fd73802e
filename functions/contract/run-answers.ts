/** What the API tells of a backup and of a restore. */
import * as z from 'zod';
import { failure, server } from './answers.ts';
import { states, text } from './words.ts';

const loss = z.object({
  kind: text,
  schema: text,
  object: text,
  column: text.optional(),
  effect: text,
  certain: z.boolean(),
});
/** Of the phase that is under way; what cannot be told yet is absent. */
const count = z.number().optional();
const bytes = { bytesDone: count, bytesEstimated: count, bytesPerSecond: count };
const rows = { tablesDone: count, tablesTotal: count, rowsDone: count };
const progress = z.object({ phase: text, ...bytes, ...rows, estimatedEnd: text.optional() });
const run = {
  databaseId: text,
  state: states,
  requestedBy: text,
  tls: z.object({ mode: text }),
  server: server.optional(),
  createdAt: text,
  startedAt: text.optional(),
  endedAt: text.optional(),
  progress: progress.optional(),
  cancel: z.object({ requestedBy: text, requestedAt: text }).optional(),
  failure: failure.optional(),
  losses: z.array(loss).optional(),
  shortened: z.boolean().optional(),
};
const verification = z.object({
  state: text,
  requestedBy: text,
  requestedAt: text,
  startedAt: text.optional(),
  endedAt: text.optional(),
  bytesRead: z.number().optional(),
  bytesToRead: z.number().optional(),
  bytesOnly: z.array(text).optional(),
  failure: failure.optional(),
});
export const backup = z.object({
  id: text,
  format: text,
  ...run,
  schemas: z
    .array(
      z.object({
        name: text,
        characterSet: text,
        collation: text,
        comment: text,
        counts: z.record(text, z.int()),
        notOfOneInstant: z.array(text),
        notOfOneInstantCount: z.int().optional(),
        readUnderLock: z.array(text).optional(),
        brokenViews: z.array(z.object({ name: text, definition: text })),
        definers: z.array(text),
      }),
    )
    .optional(),
  sizeBytes: z.number().optional(),
  dumpBytes: z.number().optional(),
  snapshot: z.object({ lanes: z.int(), way: text, lockMs: z.number() }).optional(),
  attempts: z.int().optional(),
  reread: z.boolean().optional(),
  acceptEmptied: z.boolean().optional(),
  comparedWith: text.optional(),
  shrunk: z
    .array(z.object({ schema: text, what: text, table: text.optional(), before: z.int(), now: z.int() }))
    .optional(),
  verification: verification.optional(),
  manifest: z.object({ signature: z.object({ key: text }).optional() }).optional(),
  adopted: z.boolean().optional(),
});
const restoredSchema = z.object({
  source: text,
  target: text,
  state: text,
  disabledEvents: z.array(text),
  /** Absent in records of before it was written down. */
  leftOut: z.array(text).optional(),
  tables: z.array(z.object({ name: text, rows: z.number(), content: text })).optional(),
});
const preview = z.object({
  ready: z.boolean(),
  obstacles: z.array(failure),
  schemas: z.array(
    z.object({
      source: text,
      target: text,
      action: text,
      drops: z.record(text, z.int()).optional(),
      tables: z.array(z.object({ name: text, as: text, rows: z.number() })).optional(),
      sequences: z.array(text).optional(),
      leftOut: z.array(text).optional(),
      unknownDefiners: z.array(text),
    }),
  ),
  loadSeconds: z.number(),
});
export const restore = z.object({
  id: text,
  backupId: text,
  sourceDatabaseId: text,
  schemas: z.record(text, text),
  overwrite: z.boolean(),
  tables: z.array(z.object({ schema: text, name: text, as: text.optional() })).optional(),
  events: text.exactOptional(),
  definers: z.union([text, z.record(text, text)]).optional(),
  dryRun: z.boolean().optional(),
  ...run,
  preview: preview.optional(),
  restored: z.array(restoredSchema).optional(),
});
