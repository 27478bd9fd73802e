/**
 * Every way in which SafeBase can fail: one closed list of codes, the kind of each, and the hint that is shown where
 * the thrower gives none.
 */
import { BACKUP_ERRORS } from './error-codes/backup.ts';
import { DATABASE_ERRORS } from './error-codes/database.ts';
import { type ErrorEntry, entry } from './error-codes/entry.ts';
import { REQUEST_ERRORS } from './error-codes/request.ts';
import { RESTORE_ERRORS } from './error-codes/restore.ts';
import { RUN_ERRORS } from './error-codes/run.ts';

export type { ErrorKind } from './error-codes/entry.ts';

/** Code → kind, title and default hint. The order is that of a request's way through the service. */
export const ERRORS = {
  ...REQUEST_ERRORS,
  ...DATABASE_ERRORS,
  ...BACKUP_ERRORS,
  ...RUN_ERRORS,
  ...RESTORE_ERRORS,
  internal: entry(
    'internal',
    'Something failed inside SafeBase',
    'Look up the requestId in the function log.',
  ),
  unavailable: entry(
    'unavailable',
    'A service that SafeBase needs does not answer',
    'Try again in a minute.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** One of the codes above: stable, part of the API's contract. */
export type ErrorCode = keyof typeof ERRORS;
