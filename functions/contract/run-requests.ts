/** What may be asked about backups, restores and lists. */
import * as z from 'zod';
import { idOf, plainText, schemaName, states } from './words.ts';

const time = z.iso.datetime({ offset: true });
export const page = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'must be a number from 1 to 100')
    .default('50')
    .transform(Number),
  cursor: z.string().min(1).max(500).exactOptional(),
};
export const runQuery = z.strictObject({
  ...page,
  databaseId: idOf('db').exactOptional(),
  state: states.exactOptional(),
  from: time.exactOptional(),
  until: time.exactOptional(),
});
export const newBackup = z.strictObject({
  databaseId: idOf('db'),
  /** That a schema holds nothing any more is right, this once. */
  acceptEmptied: z.boolean().exactOptional(),
  /** How it is stored. @default parallel */
  format: z.enum(['sql', 'parallel']).exactOptional(),
});
const tableName = plainText(64).regex(/^(?!safebase_)/i, 'must not begin with safebase_');
/** `user@host`; other characters may stand in a dump in any character set. */
const account = z
  .string()
  .regex(/^[ -~]{0,80}@[!-?A-~]{0,255}$/, 'must be user@host, of printable ASCII characters alone');
export const newRestore = z.strictObject({
  /** The target. */
  databaseId: idOf('db'),
  /** Source schema → target schema; without it every schema goes under its own name. */
  schemas: z
    .record(z.string().min(1).max(64), z.string().min(1).max(64))
    .refine((names) => Object.keys(names).length > 0, 'must name a schema')
    .refine(
      (names) => Object.entries(names).every(([from, to]) => schemaName.safeParse(to).success || from === to),
      'must give plain names, and none of the server itself, as targets',
    )
    .exactOptional(),
  /** Some tables alone, put beside what the target holds. */
  tables: z
    .array(
      z.strictObject({
        schema: z.string().min(1).max(64),
        name: z.string().min(1).max(64),
        as: tableName.exactOptional(),
      }),
    )
    .min(1)
    .max(1000)
    .exactOptional(),
  overwrite: z.boolean().default(false),
  /** The names of the target schemas, typed again. */
  confirm: z.union([z.string().max(64), z.array(z.string().max(64)).max(100)]).exactOptional(),
  events: z.enum(['disabled', 'as-stored']).exactOptional(),
  /** As whom views and programs run: as they did, as the account that restores, or old account → new one. */
  definers: z
    .union([
      z.enum(['keep', 'current']),
      z.record(account, account).refine((names) => Object.keys(names).length > 0, 'must name an account'),
    ])
    .exactOptional(),
  /** Looks at everything, writes nothing, and tells all that would stop it. */
  dryRun: z.boolean().exactOptional(),
});
