/** Reads what SHOW CREATE prints for every object of a schema, byte for byte. */
import { quoted, type RawRow, type ReadConnection } from './connect.ts';
import { type Fact, readable } from './content.ts';
import { COSMETIC_DEFINITION, withoutCosmetics } from './cosmetics.ts';
import { rowsAbout } from './read-catalogue.ts';

/** An object that has a SHOW CREATE. */
interface Defined {
  /** As it stands behind SHOW CREATE. */
  readonly type: string;
  readonly name: string;
}

/** Answers of SHOW CREATE that say when the object was made, not what it is. */
const NOT_DEFINITION = new Set(['created']);

/** One fact for each column of each SHOW CREATE. */
export async function readDefinitions(connection: ReadConnection, schema: string): Promise<Fact[]> {
  const facts = factsOf(await connection.rows(`SHOW CREATE DATABASE ${quoted(schema)}`), schema, {
    type: 'DATABASE',
    name: '',
  });
  for (const defined of await listObjects(connection, schema)) {
    const rows = await connection.rows(
      `SHOW CREATE ${defined.type} ${quoted(schema)}.${quoted(defined.name)}`,
    );
    facts.push(...factsOf(rows, schema, defined));
  }
  return facts;
}

async function listObjects(connection: ReadConnection, schema: string): Promise<Defined[]> {
  const list = async (view: string, column: string, name: string, type: (row: RawRow) => string) =>
    (await rowsAbout(connection, view, column, schema)).map((row) => ({
      type: type(row),
      name: readable(row.get(name)),
    }));
  return [
    ...(await list('tables', 'table_schema', 'table_name', (row) =>
      row.get('table_type')?.toString() === 'VIEW' ? 'VIEW' : 'TABLE',
    )),
    ...(await list('triggers', 'trigger_schema', 'trigger_name', () => 'TRIGGER')),
    // PROCEDURE, FUNCTION, PACKAGE and PACKAGE BODY stand in the catalogue as SHOW CREATE wants them.
    ...(await list('routines', 'routine_schema', 'routine_name', (row) => readable(row.get('routine_type')))),
    ...(await list('events', 'event_schema', 'event_name', () => 'EVENT')),
  ];
}

function factsOf(rows: readonly RawRow[], schema: string, { type, name }: Defined): Fact[] {
  return rows.flatMap((row) =>
    [...row].flatMap(([property, value]) =>
      NOT_DEFINITION.has(property)
        ? []
        : [
            {
              schema,
              kind: `show create ${type.toLowerCase()}`,
              object: name,
              part: '',
              property,
              value:
                type === 'TABLE' ? withoutCosmetics(readable(value), COSMETIC_DEFINITION) : readable(value),
            },
          ],
    ),
  );
}
