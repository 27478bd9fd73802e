import { type ErrorEntry, entry } from './entry.ts';

/** What a request can be refused for before anything is done. */
export const REQUEST_ERRORS = {
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
} as const satisfies Record<string, ErrorEntry>;
