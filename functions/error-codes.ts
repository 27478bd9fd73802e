/**
 * Every way in which SafeBase can fail: one closed list of codes, the kind of each, and the hint that is shown where
 * the thrower gives none.
 */

/** What kind of failure a code is; the kind alone decides the HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'missing'
  | 'method'
  | 'conflict'
  | 'stale'
  | 'too_large'
  | 'refused'
  | 'precondition_required'
  | 'limited'
  | 'unavailable'
  | 'internal';

interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly title: string;
  readonly hint: string;
}

const entry = (kind: ErrorKind, title: string, hint: string): ErrorEntry => ({ kind, title, hint });

/** Code → kind, title and default hint. The order is that of a request's way through the service. */
export const ERRORS = {
  // The request.
  invalid_request: entry('invalid', 'The request is not valid', 'Correct the field that the detail names.'),
  malformed_json: entry(
    'invalid',
    'The body is not JSON',
    'Send one JSON object with Content-Type application/json.',
  ),
  body_too_large: entry('too_large', 'The body is too large', 'Send at most 64 KB.'),
  idempotency_key_reused: entry(
    'refused',
    'The Idempotency-Key was used before',
    'Send a new key with a new request; repeat a request unchanged, with the key that it had.',
  ),
  bad_cursor: entry(
    'invalid',
    'The cursor is not valid',
    'Use the nextCursor of the page before, unchanged and with the same filters.',
  ),
  unauthenticated: entry(
    'unauthenticated',
    'No valid token',
    'Send Authorization: Bearer sbt_… with a token that has not been revoked.',
  ),
  forbidden: entry(
    'forbidden',
    'The token may not do this',
    'Use a token with a role that may, or ask an administrator.',
  ),
  not_found: entry('missing', 'There is no such thing', 'Check the id and the path.'),
  method_not_allowed: entry(
    'method',
    'The method is not allowed here',
    'Use one of the methods in the Allow header.',
  ),
  version_conflict: entry('stale', 'The record changed meanwhile', 'Read it again and repeat the change.'),
  precondition_required: entry(
    'precondition_required',
    'If-Match is missing',
    'Send If-Match with the ETag of the last read.',
  ),
  database_has_backups: entry(
    'conflict',
    'The database still has backups',
    'Add ?backups=keep or ?backups=delete.',
  ),
  run_active: entry('conflict', 'Another run is active', 'Wait until it has ended; its id is in the detail.'),
  verify_active: entry(
    'conflict',
    'The backup is being verified',
    'Wait until its verification has ended: GET /backup/{id} tells.',
  ),
  wrong_state: entry(
    'conflict',
    'The record is not in a state that allows this',
    'Read it again; its state says what is possible.',
  ),
  backup_not_restorable: entry(
    'conflict',
    'The backup is not complete',
    'Choose a backup whose state is completed.',
  ),
  schema_not_in_backup: entry(
    'invalid',
    'The backup holds no such schema',
    'Choose one of the schemas that GET /backup/{id} lists.',
  ),
  confirm_mismatch: entry(
    'invalid',
    'The confirmation does not match',
    'Type the exact name of the target schema in confirm.',
  ),

  // Reaching the database.
  host_refused: entry(
    'refused',
    'The host is not allowed',
    'Use a network profile that reaches it; link-local and metadata addresses are never allowed.',
  ),
  host_unknown: entry(
    'refused',
    'The host name is unknown',
    'Check the spelling and that the name resolves in the network of the profile.',
  ),
  connection_refused: entry(
    'unavailable',
    'The database cannot be reached',
    'Check host, port, security group and that the server runs.',
  ),
  connection_lost: entry(
    'unavailable',
    'The connection to the database was lost',
    'Look at the server log for a restart or a killed connection, then run again.',
  ),
  connection_timeout: entry(
    'unavailable',
    'The database did not answer in time',
    'Check security group, route and load of the server.',
  ),
  credentials_rejected: entry(
    'refused',
    'The database refused user or password',
    'Correct the credentials with PUT /databases/{id}.',
  ),
  tls_failed: entry(
    'refused',
    'TLS with the database failed',
    'Give the CA that signed the server certificate in tls.ca, or use the host name in the certificate.',
  ),
  schema_unknown: entry(
    'refused',
    'The server has no such schema',
    'Check the schema names of the database record and the rights of its user.',
  ),
  query_failed: entry('internal', 'A query failed on the database', 'Look at the server log.'),
  secrets_unreachable: entry(
    'unavailable',
    'The secret store cannot be reached',
    'Check the interface endpoint or NAT of the network profile.',
  ),
  secret_unusable: entry(
    'refused',
    'The secret cannot be used',
    'Store JSON with username and password in it and let SafeBase read it.',
  ),
  unsupported_server: entry(
    'refused',
    'This server is not supported',
    'Use MySQL 5.7 or later or MariaDB 10.5 or later.',
  ),

  // Making a backup.
  insufficient_privileges: entry('refused', 'The account lacks a right', 'Grant what the detail names.'),
  too_large_for_sql: entry(
    'refused',
    'The database is too large for format sql',
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
  deadline_exceeded: entry(
    'internal',
    'The time of the worker ran out',
    'Back up fewer schemas at once, or at a quieter time.',
  ),
  upload_failed: entry(
    'unavailable',
    'The upload to S3 failed',
    'Run again; if it repeats, look at the function log.',
  ),
  disk_full: entry('internal', 'A disk is full', 'Free space on the server that the detail names.'),
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

  // Restoring.
  backup_damaged: entry(
    'refused',
    'The stored backup is damaged',
    'Restore another backup; this one was refused before anything was written.',
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
  packet_too_small: entry(
    'refused',
    'The target takes no statement as long as one of the backup',
    'Raise max_allowed_packet on the target, then restore again.',
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
  counts_differ: entry(
    'internal',
    'The target does not hold what the backup holds',
    'Do not use the target; the detail lists what is missing.',
  ),

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
