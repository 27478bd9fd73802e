import { type Query, quoteName } from '../connection.ts';
import type { Loss } from '../contents.ts';
import { findDefaultLosses } from './default-losses.ts';
import type { TableFacts } from './loss-tables.ts';
import { inSchema } from './object-counts.ts';
import type { SchemaSurvey } from './schemas.ts';
import type { Server } from './server.ts';

/** Finds the objects whose definition a dump does not carry, or carries so that a restore stops at it. */
export async function findDefinitionLosses(
  query: Query,
  server: Server,
  survey: SchemaSurvey,
  tables: readonly TableFacts[],
): Promise<readonly Loss[]> {
  const schema = survey.contents.name;
  const losses: Loss[] = survey.contents.brokenViews.map(({ name }) => ({
    kind: 'view_broken',
    schema,
    object: name,
    effect:
      'the view refers to something gone, or that this account may not read, and is left out; its text stands in the manifest',
    certain: true,
  }));
  losses.push(...(await findDefaultLosses(query, server, tables)));
  return server.info.product === 'mariadb'
    ? [...losses, ...historyLosses(survey, tables), ...(await findBacktickLosses(query, schema))]
    : [
        ...losses,
        ...archiveLosses(tables),
        ...(await findTablespaceLosses(query, tables)),
        ...(await findExpressionLosses(query, schema, tables)),
      ];
}

const historyLosses = (survey: SchemaSurvey, tables: readonly TableFacts[]): readonly Loss[] =>
  tables
    .filter(({ versioned }) => versioned && !survey.history)
    .map(({ schema, name }) => ({
      kind: 'history',
      schema,
      object: name,
      effect: 'only the present rows come back, as if they had begun with the restore',
      certain: true,
    }));

const archiveLosses = (tables: readonly TableFacts[]): readonly Loss[] =>
  tables
    .filter(({ engine, columns }) => engine === 'ARCHIVE' && columns.some((column) => column.autoIncrement))
    .map(({ schema, name }) => ({
      kind: 'archive_auto_increment',
      schema,
      object: name,
      effect: 'a restore stops at this table, as ARCHIVE refuses rows below its AUTO_INCREMENT (1022)',
      certain: true,
    }));

/** MariaDB 11.8.6 does not double a backtick in the names that a foreign key is printed with (10.11 and 11.8.9 do). */
async function findBacktickLosses(query: Query, schema: string): Promise<readonly Loss[]> {
  const uses = await query(
    `SELECT TABLE_NAME AS tab, CONSTRAINT_NAME AS name, COLUMN_NAME AS col, REFERENCED_COLUMN_NAME AS ref
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE ${inSchema('TABLE_SCHEMA')} AND REFERENCED_TABLE_NAME IS NOT NULL
        AND CONCAT(CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME) LIKE '%\`%' ORDER BY TABLE_NAME`,
    [schema, schema],
  );
  const losses: Loss[] = [];
  for (const table of new Set(uses.map(({ tab }) => tab ?? ''))) {
    const shown = await showCreateTable(query, schema, table);
    const names = uses.filter(({ tab }) => tab === table).flatMap(({ name, col, ref }) => [name, col, ref]);
    const foreignKeys = shown
      .split('\n')
      .filter((line) => line.includes(' FOREIGN KEY '))
      .join('\n');
    if (names.every((name) => foreignKeys.includes(quoteName(name ?? '')))) continue;
    const effect =
      'a restore stops at this table: the server prints a backtick in a foreign key unquoted (1064)';
    losses.push({ kind: 'foreign_key_backtick', schema, object: table, effect, certain: true });
  }
  return losses;
}

/** Which general tablespaces there are takes PROCESS to know, so each table is asked. */
async function findTablespaceLosses(query: Query, tables: readonly TableFacts[]): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (const { schema, name, engine } of tables) {
    if (engine !== 'INNODB' || !usesGeneralTablespace(await showCreateTable(query, schema, name))) continue;
    const effect =
      'the tablespace is not in the dump: a restore stops at this table where the target has none (3510)';
    losses.push({ kind: 'general_tablespace', schema, object: name, effect, certain: true });
  }
  return losses;
}

/** Strings and names are skipped, so that a comment cannot look like the clause. */
function usesGeneralTablespace(shown: string): boolean {
  const clauses = shown.matchAll(
    /'(?:[^'\\]|''|\\[\s\S])*'|\bTABLESPACE\s*=?\s*`((?:[^`]|``)*)`|`(?:[^`]|``)*`/g,
  );
  return [...clauses].some(([, name]) => name !== undefined && !OWN_TABLESPACES.has(name));
}

/** Every MySQL server has these. */
const OWN_TABLESPACES = new Set(['innodb_file_per_table', 'innodb_system']);

/**
 * MySQL prints characters beyond the BMP as question marks where they stand in an expression. information_schema shows
 * the bytes of such texts as if each were a latin1 character.
 */
async function findExpressionLosses(
  query: Query,
  schema: string,
  tables: readonly TableFacts[],
): Promise<readonly Loss[]> {
  const columns = tables.flatMap((table) =>
    table.columns.flatMap(({ name, generation, defaultIsExpression, defaultText }) => {
      const text = generation ?? (defaultIsExpression ? defaultText : undefined);
      return text === undefined ? [] : [{ tab: table.name, col: name, text }];
    }),
  );
  const checks = await query(
    `SELECT t.TABLE_NAME AS tab, NULL AS col, c.CHECK_CLAUSE AS text
       FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
         ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
      WHERE ${inSchema('t.TABLE_SCHEMA')} AND t.CONSTRAINT_TYPE = 'CHECK'`,
    [schema, schema],
  );
  const keys = await query(
    `SELECT TABLE_NAME AS tab, NULL AS col, EXPRESSION AS text
       FROM information_schema.STATISTICS WHERE ${inSchema('TABLE_SCHEMA')} AND EXPRESSION IS NOT NULL`,
    [schema, schema],
  );
  const losses = new Map<string, Loss>();
  for (const { tab, col, text } of [...columns, ...checks, ...keys]) {
    if (!BEYOND_BMP.test(text ?? '') && !BEYOND_BMP_AS_LATIN1.test(text ?? '')) continue;
    losses.set(JSON.stringify([tab, col]), {
      kind: 'expression_beyond_bmp',
      schema,
      object: tab ?? '',
      ...(typeof col === 'string' ? { column: col } : {}),
      effect: 'characters beyond the BMP in an expression of this table come back as question marks',
      certain: true,
    });
  }
  return [...losses.values()];
}

const BEYOND_BMP = /[\u{10000}-\u{10FFFF}]/u;
const BEYOND_BMP_AS_LATIN1 = /[\u00f0-\u00f4][\u0080-\u00bf]{3}/;

async function showCreateTable(query: Query, schema: string, table: string): Promise<string> {
  const [row] = await query(`SHOW CREATE TABLE ${quoteName(schema)}.${quoteName(table)}`);
  return row?.['create table'] ?? '';
}
