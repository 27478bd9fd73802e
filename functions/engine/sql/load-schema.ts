import { SafeBaseError } from '../../errors.ts';
import type { ServerInfo } from '../contents.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { decompressDump } from './decompress-dump.ts';
import type { LoadedSchema, LoadInput, SessionSettings } from './format-sql.ts';
import { takeLoadLock } from './load-lock.ts';
import { namesSchema } from './names-schema.ts';
import { StatementRouter } from './route-statements.ts';
import { runHeldStatements } from './run-held-statements.ts';
import type { Classified } from './statements/classify.ts';
import { describe } from './statements/describe.ts';
import { readStatements } from './statements/read-statements.ts';

/**
 * A TIMESTAMP without a default is to have none. Older MariaDB cannot set this for a session (MDEV-29225): there a
 * restore is refused before it begins, unless the server has it so.
 * @see https://dev.mysql.com/doc/refman/9.7/en/server-system-variables.html#sysvar_explicit_defaults_for_timestamp
 */
const EXPLICIT_TIMESTAMPS = `SET @safebase_explicit = IF(@@explicit_defaults_for_timestamp, 'DO 0', 'SET explicit_defaults_for_timestamp=1');
PREPARE safebase_explicit FROM @safebase_explicit;
EXECUTE safebase_explicit;
DEALLOCATE PREPARE safebase_explicit;
`;

/**
 * The session of the load program. Dates that the source allowed are allowed here; rows that break a CHECK are rows all
 * the same; an engine that the server lacks is an error, not another engine; a slow source of parts must not look like a
 * dead client.
 */
const PREAMBLE: Readonly<Record<ServerInfo['product'], string>> = {
  mariadb: preamble(['check_constraint_checks=0', 'max_statement_time=0']),
  mysql: preamble([]),
};

function preamble(own: readonly string[]): string {
  const settings = [
    "sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
    "time_zone='+00:00'",
    'foreign_key_checks=0',
    'unique_checks=0',
    'sql_notes=0',
    'net_read_timeout=86400',
    'wait_timeout=86400',
    ...own,
  ];
  return `SET NAMES utf8mb4;\nSET ${settings.join(', ')};\n${EXPLICIT_TIMESTAMPS}`;
}

/**
 * Loads one schema from its stored dump into a schema that exists: tables and rows through the load program, then
 * programs one by one, no event running. The first error stops. Views, and events that are to run, wait for the caller.
 * @throws `load_failed`, `load_killed`, `backup_damaged`, `dump_escapes_target`, the codes of reaching the database, what
 * the source throws, the reason of the signal
 */
export async function loadSchema(input: LoadInput): Promise<LoadedSchema> {
  const { openSession, targetSchema, signal } = input;
  const router = new StatementRouter(input.definers);
  const { bytes, finalSession } = await loadTables(input, router);
  const { programs, ...others } = router.routed;
  const databaseCollation = finalSession?.databaseCollation;
  await runHeldStatements({
    openSession,
    targetSchema,
    statements: programs,
    signal,
    finally: databaseCollation,
  });
  return { ...others, statements: router.statements, bytes, databaseCollation };
}

async function loadTables(input: LoadInput, router: StatementRouter) {
  const programs = CLIENT_PROGRAMS[input.product];
  const flags = [...programs.loadFlags, `--database=${input.targetSchema}`];
  const child = await startClient({ ...input, programs, task: 'load', flags });
  let bytes = 0;
  let tables = 0;
  let rows = 0;
  let finalSession: SessionSettings | undefined;
  try {
    const { product, targetSchema } = input;
    await write(child, Buffer.from(PREAMBLE[product] + takeLoadLock(product, targetSchema)));
    const text = decompressDump({
      ...input,
      onProgress: (done) => {
        bytes = done;
        input.onProgress(done, { tables, rows });
      },
    });
    for await (const item of readStatements(text, input.schema)) {
      if (item.type === 'rows') rows += item.rows;
      if (item.type === 'statement') {
        if (item.does.kind === 'table') tables += 1;
        refuseOldName(input, item.text, item.does);
        finalSession = item.session.settings;
      }
      await write(child, router.route(item));
    }
    input.onProgress(bytes, { tables, rows });
    child.stdin.end('COMMIT;\n');
    await child.ended;
    return { bytes, finalSession };
  } catch (error) {
    // Killed before its stdin ends: at the end of input it would run the half statement that it holds.
    const unwanted = new Error('the load is not wanted any more');
    child.kill(unwanted);
    const end = await child.ended.catch((reason: unknown) => reason);
    // Where the program had failed by itself, that is the first error, and ours is what came of it.
    throw end === undefined || end === unwanted ? error : end;
  }
}

/** Under another name, what names the old schema would be made or look there. The check lists all; this is the last guard. */
export function refuseOldName(
  { schema, targetSchema }: Pick<LoadInput, 'schema' | 'targetSchema'>,
  text: Buffer,
  does: Classified,
): void {
  if (schema === targetSchema || !namesSchema(text, does, schema)) return;
  throw new SafeBaseError('dump_carries_schema_name', `${describe(does)} names the schema ${schema}`);
}

/** Waits until the program has room. @throws what ended the program, if it takes no more */
async function write({ stdin, ended }: ClientProcess, bytes: Buffer): Promise<void> {
  if (bytes.length > 0 && !stdin.destroyed && !stdin.write(bytes)) {
    await new Promise<void>((resolve) => {
      const go = () => {
        stdin.off('drain', go).off('close', go);
        resolve();
      };
      stdin.once('drain', go).once('close', go);
    });
  }
  if (!stdin.destroyed) return;
  await ended;
  throw new SafeBaseError('load_failed', 'the load program ended before the dump did');
}
