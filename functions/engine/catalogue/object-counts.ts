import type { Query, SqlRow } from '../connection.ts';
import type { ObjectCounts } from '../contents.ts';

/**
 * Counts the objects of a schema; all 0 where there is no such schema. An account without the rights for triggers,
 * events and routines sees none of them: check its grants first.
 * @param besides the name of a table that does not count
 */
export async function countObjects(query: Query, schema: string, besides = ''): Promise<ObjectCounts> {
  const count = async (
    table: string,
    schemaColumn: string,
    kind: string,
    more = '',
  ): Promise<(kind: string) => number> => {
    const rows = await query(
      `SELECT ${kind} AS kind, COUNT(*) AS n FROM information_schema.${table} WHERE ${inSchema(schemaColumn)}${more} GROUP BY kind`,
      more === '' ? [schema, schema] : [schema, schema, besides],
    );
    return (wanted) => sumOf(rows, wanted);
  };
  const tables = await count('TABLES', 'TABLE_SCHEMA', 'TABLE_TYPE', ' AND TABLE_NAME <> ?');
  const triggers = await count('TRIGGERS', 'TRIGGER_SCHEMA', `'TRIGGER'`);
  const routines = await count('ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_TYPE');
  const events = await count('EVENTS', 'EVENT_SCHEMA', `'EVENT'`);
  return {
    tables: tables('BASE TABLE') + tables('SYSTEM VERSIONED'),
    views: tables('VIEW'),
    triggers: triggers('TRIGGER'),
    procedures: routines('PROCEDURE'),
    functions: routines('FUNCTION'),
    events: events('EVENT'),
    sequences: tables('SEQUENCE'),
    packages: routines('PACKAGE') + routines('PACKAGE BODY'),
  };
}

/** Whether a schema is absent or holds nothing that this account can see. */
export async function isSchemaEmpty(query: Query, schema: string): Promise<boolean> {
  const counts = await countObjects(query, schema);
  return Object.values(counts).every((count) => count === 0);
}

/** Whether the server has a schema of exactly this name. */
export async function schemaExists(query: Query, schema: string): Promise<boolean> {
  const rows = await query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE ${inSchema('SCHEMA_NAME')}`,
    [schema, schema],
  );
  return rows.length > 0;
}

/**
 * A condition on a schema's name, with the name to be bound twice. MariaDB compares some of these columns without
 * regard to case, so the bytes are compared too.
 */
export const inSchema = (column: string): string =>
  `${column} = ? AND CAST(${column} AS BINARY) = CAST(? AS BINARY)`;

const sumOf = (rows: readonly SqlRow[], kind: string): number =>
  rows.filter((row) => row.kind === kind).reduce((sum, row) => sum + Number(row.n), 0);
