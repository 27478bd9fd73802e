import { inSchema } from '../engine/catalogue/object-counts.ts';
import type { Server } from '../engine/catalogue/server.ts';
import type { Query } from '../engine/connection.ts';

/** What a schema of the target holds, as far as names can meet; names as the server compares them. */
export interface TargetNames {
  /** Tables, views and sequences. */
  readonly hasTable: (name: string) => boolean;
  readonly hasTrigger: (name: string) => boolean;
  /** Names of constraints that a schema has once, in lower case. */
  readonly constraints: ReadonlySet<string>;
}

/** Reads them; all is empty where there is no such schema. */
export async function readTargetNames(
  query: Query,
  { info: { product }, lowerCaseTableNames }: Server,
  schema: string,
): Promise<TargetNames> {
  const read = async (table: string, column: string, name: string, more = ''): Promise<readonly string[]> => {
    const rows = await query(
      `SELECT ${name} AS name FROM information_schema.${table} WHERE ${inSchema(column)}${more}`,
      [schema, schema],
    );
    return rows.map((row) => row.name ?? '');
  };
  const folded = (name: string): string => (lowerCaseTableNames === 0 ? name : name.toLowerCase());
  const tables = new Set((await read('TABLES', 'TABLE_SCHEMA', 'TABLE_NAME')).map(folded));
  const triggers = await read('TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME');
  const lowerTriggers = new Set(triggers.map((name) => name.toLowerCase()));
  // A CHECK of MariaDB is its table's own.
  const kinds = product === 'mysql' ? `'FOREIGN KEY', 'CHECK'` : `'FOREIGN KEY'`;
  const ofKinds = ` AND CONSTRAINT_TYPE IN (${kinds})`;
  const constraints = await read('TABLE_CONSTRAINTS', 'CONSTRAINT_SCHEMA', 'CONSTRAINT_NAME', ofKinds);
  return {
    hasTable: (name) => tables.has(folded(name)),
    hasTrigger: (name) => lowerTriggers.has(name.toLowerCase()),
    constraints: new Set(constraints.map((name) => name.toLowerCase())),
  };
}
