import type { Query } from '../connection.ts';
import { damagedDump } from '../damaged-dump.ts';
import { throwIfOver } from '../deadline.ts';
import { decompressDump } from '../sql/decompress-dump.ts';
import type { OnProgress, SessionSettings, StatementSession } from '../sql/format-sql.ts';
import { refuseOldName } from '../sql/load-schema.ts';
import type { StatementRouter } from '../sql/route-statements.ts';
import { failedObject } from '../sql/run-held-statements.ts';
import { describe } from '../sql/statements/describe.ts';
import { type ChooseStatement, readStatements } from '../sql/statements/read-statements.ts';

interface DefinitionsInput {
  readonly schema: string;
  readonly targetSchema: string;
  /** The compressed text, as `readVerifiedParts` gives it. */
  readonly dump: AsyncIterable<Buffer>;
  readonly dumpBytes: number;
  /** Of a session that `setUpDefining` has set up, with the target as its default schema. */
  readonly run: StatementSession['run'];
  /** One for both texts of a schema: what comes after the rows builds on what stood before them. */
  readonly router: StatementRouter;
  /** What becomes of a statement where not all of the schema is restored @default itself */
  readonly choose?: ChooseStatement | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** As the load program of format `sql` has it: dates, rows and engines come as they were or not at all. */
const SETTINGS: readonly string[] = [
  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  'foreign_key_checks = 0',
  'sql_notes = 0',
  'wait_timeout = 86400',
];

/** Sets a session up for statements that make tables. */
export async function setUpDefining(query: Query): Promise<void> {
  await query('SET NAMES utf8mb4');
  await query(`SET SESSION ${SETTINGS.join(', ')}`);
  const [row] = await query('SELECT @@explicit_defaults_for_timestamp AS explicit');
  // Older MariaDB cannot set it for a session; there a restore is refused before it begins, unless the server has it so.
  if (row?.explicit !== '1') await query('SET SESSION explicit_defaults_for_timestamp = 1');
}

/**
 * Runs what makes the tables of a schema, statement by statement; the router keeps programs, views and events for later.
 * @returns how the text leaves the schema's own character set, where it switched it
 * @throws `backup_damaged`, `dump_escapes_target`, `dump_carries_schema_name`, what the server answers, what `dump`
 * throws, the reason of the signal
 */
export async function loadDefinitions(
  input: DefinitionsInput,
): Promise<SessionSettings['databaseCollation'] | undefined> {
  let collation: SessionSettings['databaseCollation'];
  const { choose = (item) => item } = input;
  for await (const read of readStatements(decompressDump(input), input.schema)) {
    throwIfOver(input.signal);
    if (read.type === 'comment') continue;
    if (read.type !== 'statement') throw damagedDump('its definitions hold rows');
    const item = choose(read);
    if (item === undefined) continue;
    refuseOldName(input, item.text, item.does);
    collation = item.session.settings.databaseCollation;
    // The session is ours: what the text says of it is meant for the client programs.
    if (item.does.kind === 'session') continue;
    const object = describe(item.does);
    const statement = input.router.statementOf(item);
    if (statement === undefined) continue;
    await input.run(statement).catch((error: unknown) => {
      throw failedObject(object, error);
    });
  }
  return collation;
}
