import { type ErrorEntry, entry } from './entry.ts';

/** What can end a run of any kind. */
export const RUN_ERRORS = {
  deadline_exceeded: entry(
    'internal',
    'The time of the worker ran out',
    'Back up fewer schemas at once, or at a quieter time.',
  ),
  server_changed: entry(
    'unavailable',
    'The database server was restarted or replaced during the run',
    'Run again; if it repeats, look at the server log, and register one server where a proxy spreads connections over several.',
  ),
  disk_full: entry('internal', 'A disk is full', 'Free space on the server that the detail names.'),
  cancelled: entry('conflict', 'The run was cancelled', 'Start another run when it is wanted.'),
  worker_lost: entry(
    'internal',
    'The worker died',
    'Look at the function log for memory or time, then run again.',
  ),
  job_unknown: entry(
    'internal',
    'The job was started by another version of SafeBase',
    'Finish the deploy, or take it back whole, then run again.',
  ),
  fenced: entry(
    'conflict',
    'Another worker has taken this run over',
    'Nothing to do: the newer worker reports the end.',
  ),
} as const satisfies Record<string, ErrorEntry>;
