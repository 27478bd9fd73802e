import { type ErrorEntry, entry } from './entry.ts';

/** What can fail while a backup is made. */
export const BACKUP_ERRORS = {
  insufficient_privileges: entry('refused', 'The account lacks a right', 'Grant what the detail names.'),
  too_large_for_sql: entry(
    'refused',
    'The database is too large for format sql',
    'Back up fewer schemas in one database record.',
  ),
  too_large_for_one_worker: entry(
    'refused',
    'The database is too large for one worker',
    'Back up fewer schemas in one database record.',
  ),
  reads_limited: entry(
    'refused',
    'New sessions on this server do not see all rows',
    'Take the setting that the detail names out of the server settings and of init_connect.',
  ),
  event_delimiter: entry(
    'refused',
    'An event holds ;; and would make the dump tool hang',
    'Change the text of the event so that no ;; stands in it.',
  ),
  name_not_dumpable: entry(
    'refused',
    'The dump tool cannot handle this name',
    'Rename the object that the detail names.',
  ),
  schema_emptied: entry(
    'refused',
    'A schema that was backed up holds nothing any more',
    'Look who has emptied it. Where that is right, send acceptEmptied true with POST /backup, once: later backups are held against that one.',
  ),
  dump_failed: entry('internal', 'The dump tool failed', 'The detail holds what it printed.'),
  dump_killed: entry(
    'internal',
    'The dump tool was killed',
    'Look for a lack of memory on the worker, then run again.',
  ),
  dump_truncated: entry(
    'internal',
    'The dump has no end line',
    'Run again; if it repeats, look at the server log.',
  ),
  upload_failed: entry(
    'unavailable',
    'The upload to S3 failed',
    'Run again; if it repeats, look at the function log.',
  ),
  schema_left_behind: entry(
    'internal',
    'The server keeps the directory of a schema that it does not know',
    'It was interrupted while it dropped the schema. Look into the directory on its disk, move it out of the data directory, and run again.',
  ),
  dump_incomplete: entry(
    'internal',
    'The dump does not hold what the schema held',
    'Run again while nothing is created or dropped there; if it repeats, look at the objects that the reason names.',
  ),
  proof_failed: entry(
    'internal',
    'The stored backup is not what was sent',
    'Run again; if it repeats, check the bucket for other writers.',
  ),
} as const satisfies Record<string, ErrorEntry>;
