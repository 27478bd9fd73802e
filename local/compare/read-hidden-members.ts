/**
 * Reads members of ENUM and SET columns and defaults that the catalogue prints as question marks, because it knows no
 * character beyond the Basic Multilingual Plane: a temporary table shows them.
 */
import type { Column } from './columns.ts';
import { hasCode, quoted, type ReadConnection } from './connect.ts';
import { type Fact, readable, type UnreadTable } from './content.ts';

/** No right to make temporary tables, or a server that lets nobody write. */
const REFUSED = ['ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR', 'ER_OPTION_PREVENTS_STATEMENT'];

const PROBE = 'safebase_compare_members';

/** What is hidden in one table; `unread` says what the account was not allowed to look at. */
export async function readHiddenMembers(
  connection: ReadConnection,
  schema: string,
  table: string,
  columns: readonly Column[],
): Promise<{ readonly facts: readonly Fact[]; readonly unread: readonly UnreadTable[] }> {
  const facts: Fact[] = [];
  const fact = (part: string, property: string, value: string): Fact => ({
    schema,
    kind: 'hidden part of column',
    object: table,
    part,
    property,
    value,
  });
  try {
    for (const column of columns) {
      if (column.generation !== '') continue;
      const members = countMembers(column);
      if (members > 0 && column.fullType.includes('?')) {
        const values = Array.from({ length: members }, (_, at) =>
          column.type === 'set' ? 2n ** BigInt(at) : at + 1,
        );
        const insert = `(${quoted(column.name)}) VALUES ${values.map((value) => `(${value})`).join(',')}`;
        facts.push(
          fact(column.name, 'true members', await readThrough(connection, schema, table, column, insert)),
        );
      }
      if (column.default.includes('?') && !column.default.includes('(')) {
        facts.push(
          fact(
            column.name,
            'true default',
            await readThrough(connection, schema, table, column, '() VALUES ()'),
          ),
        );
      }
    }
  } catch (error) {
    if (!hasCode(error, ...REFUSED)) throw error;
    return { facts: [], unread: [{ schema, object: table }] };
  }
  return { facts, unread: [] };
}

/** Members are quoted and separated by commas; a quote inside one is doubled. */
const countMembers = (column: Column): number =>
  column.type === 'enum' || column.type === 'set'
    ? (column.fullType.match(/'(?:[^']|'')*'/g)?.length ?? 0)
    : 0;

async function readThrough(
  connection: ReadConnection,
  schema: string,
  table: string,
  column: Column,
  insert: string,
): Promise<string> {
  const probe = `${quoted(schema)}.${quoted(PROBE)}`;
  await connection.run(
    `CREATE TEMPORARY TABLE ${probe} AS SELECT ${quoted(column.name)} FROM ${quoted(schema)}.${quoted(table)} LIMIT 0`,
  );
  try {
    await connection.run(`INSERT INTO ${probe} ${insert}`);
    const rows = await connection.rows(`SELECT HEX(${quoted(column.name)}) AS value FROM ${probe}`);
    return rows.map((row) => readable(row.get('value'))).join(',');
  } finally {
    await connection.run(`DROP TEMPORARY TABLE ${probe}`);
  }
}
