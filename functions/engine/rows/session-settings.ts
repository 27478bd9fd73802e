import { isCode } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** A time zone without a jump, no rounding of values that a mode forbids, and no limit of the account's own. */
const BOTH: readonly string[] = [
  "time_zone = '+00:00'",
  // Dates that no calendar has and zeros in key columns are values like others.
  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
  'sql_select_limit = DEFAULT',
  // A reader may stop for as long as its store takes, a sender too.
  'net_write_timeout = 3600',
  'net_read_timeout = 3600',
];

/** NULL: strings come as the bytes that are stored, whatever their character set. */
const READING: readonly string[] = ['character_set_results = NULL'];

const LOADING: readonly string[] = [
  'foreign_key_checks = 0',
  'unique_checks = 1',
  // What LOAD DATA counted is told in words.
  "lc_messages = 'en_US'",
];

/** What only one maker or version knows. */
const READING_WHERE_KNOWN: readonly string[] = [
  'max_statement_time = 0',
  'max_execution_time = 0',
  // A lane may have nothing to read while others do.
  'idle_transaction_timeout = 0',
  'idle_readonly_transaction_timeout = 0',
];
const LOADING_WHERE_KNOWN: readonly string[] = [
  ...READING_WHERE_KNOWN,
  // MariaDB: rows may be older than a CHECK; rows of the past keep their times.
  'check_constraint_checks = 0',
  'system_versioning_insert_history = 1',
];

/** The server has no such variable. */
const UNKNOWN_VARIABLE = 1193;

/** Sets a session up for SELECTs of `rowStatements`. */
export const setUpReading = (query: Query): Promise<void> =>
  setUp(query, [...BOTH, ...READING], READING_WHERE_KNOWN);

/** Sets a session up to tell where rows lie, in values that a reading session takes for the same; strings come as text. */
export const setUpPlanning = (query: Query): Promise<void> => setUp(query, BOTH, READING_WHERE_KNOWN);

/** Sets a session up for LOAD DATA of `rowStatements`. */
export const setUpLoading = (query: Query): Promise<void> =>
  setUp(query, [...BOTH, ...LOADING], LOADING_WHERE_KNOWN);

async function setUp(
  query: Query,
  settings: readonly string[],
  whereKnown: readonly string[],
): Promise<void> {
  await query(`SET SESSION ${settings.join(', ')}`);
  for (const setting of whereKnown) {
    await query(`SET SESSION ${setting}`).catch((error: unknown) => {
      if (!isCode(error, 'query_failed') || error.details.errno !== UNKNOWN_VARIABLE) throw error;
    });
  }
}
