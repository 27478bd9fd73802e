import { type ErrorEntry, entry } from './entry.ts';

/** What a restore can be refused for, and what can fail in it. */
export const RESTORE_ERRORS = {
  backup_damaged: entry(
    'refused',
    'The stored backup is damaged',
    'Restore another backup; this one was refused before anything was written.',
  ),
  too_many_files: entry(
    'refused',
    'The backup has more objects than one answer can name',
    'Fetch the objects with the AWS CLI: docs/backup-format.md.',
  ),
  signature_invalid: entry(
    'refused',
    'The signature of the backup does not match',
    'Restore another backup, and find out who wrote to the bucket.',
  ),
  target_not_empty: entry(
    'refused',
    'The target schema is not empty',
    'Choose a new name, or send overwrite true with the name in confirm.',
  ),
  table_not_in_backup: entry(
    'refused',
    'The backup holds no such table',
    'Name tables in tables that the backup holds: its manifest.json lists them.',
  ),
  target_object_exists: entry(
    'refused',
    'The target has an object of that name',
    'Give the table another name with as, or rename or drop what stands there yourself.',
  ),
  parent_missing: entry(
    'refused',
    'A table depends on one that is not there',
    'Add to tables what the detail names, or make it on the target first.',
  ),
  definer_unknown: entry(
    'refused',
    'Nothing in the backup runs as that account',
    'Name accounts in definers that the backup names, as user@host.',
  ),
  target_too_old: entry(
    'refused',
    'The target server cannot take this backup',
    'Restore to a server of the same kind and at least the same version.',
  ),
  names_changed: entry(
    'refused',
    'The target would change names',
    'Restore to a server with lower_case_table_names = 0, or give schemas a target name in lower case.',
  ),
  outside_missing: entry(
    'refused',
    'The backup reads a schema that is not in it',
    'Make on the target what the detail names, or restore its schema too.',
  ),
  timestamps_implicit: entry(
    'refused',
    'The target would give TIMESTAMP columns other defaults',
    'Set explicit_defaults_for_timestamp = ON in the settings of the server.',
  ),
  keys_generated: entry(
    'refused',
    'The target would give tables without a primary key one of its own',
    'SET GLOBAL sql_generate_invisible_primary_key = OFF on the target (a parameter group on RDS), then restore again.',
  ),
  packet_too_small: entry(
    'refused',
    'The target takes no statement as long as one of the backup',
    'Raise max_allowed_packet on the target, then restore again.',
  ),
  collation_unknown: entry(
    'refused',
    'The target lacks a collation',
    'Restore to a server that has it, such as one of the version of the source.',
  ),
  sql_mode_unknown: entry(
    'refused',
    'The target does not know the sql_mode of a program',
    'Make the program anew on the source under modes that both know, back up, then restore.',
  ),
  engine_missing: entry(
    'refused',
    'The target lacks a storage engine',
    'Install the engine on the target, or restore to a server that has it.',
  ),
  dump_escapes_target: entry(
    'refused',
    'The dump would write outside its target',
    'Restore by hand after reading the statement that the detail names.',
  ),
  dump_carries_schema_name: entry(
    'refused',
    'The dump names the old schema',
    'Restore under the old name, on another server if need be.',
  ),
  load_failed: entry(
    'internal',
    'Loading the dump failed',
    'The detail holds the first error; what stands on the target is in restored.',
  ),
  load_killed: entry(
    'internal',
    'The load tool was killed',
    'Look for a lack of memory on the worker, then run again.',
  ),
  content_differs: entry(
    'internal',
    'The target holds other rows than the backup',
    'Do not use the target; the detail names the tables, restored tells of each.',
  ),
  counts_differ: entry(
    'internal',
    'The target does not hold what the backup holds',
    'Do not use the target; the detail lists what is missing.',
  ),
} as const satisfies Record<string, ErrorEntry>;
