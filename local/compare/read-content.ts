/** Reads everything of some schemas of a server, to be compared with another server or with a later time. */
import { readColumns } from './columns.ts';
import { quoted, type ReadConnection } from './connect.ts';
import {
  type Content,
  type Fact,
  type KnownLoss,
  type RowSet,
  readable,
  type UnreadTable,
} from './content.ts';
import { lossTable } from './known-losses.ts';
import { readCatalogue, rowsAbout } from './read-catalogue.ts';
import { readDefinitions } from './read-definitions.ts';
import { readHiddenMembers } from './read-hidden-members.ts';
import { readRows } from './read-rows.ts';

/**
 * Reads definitions, catalogue and rows. Memory is 8 bytes for each row.
 * @param losses what a backup said it cannot carry; both sides of a comparison are read with the same ones
 */
export async function readServerContent(
  connection: ReadConnection,
  schemas: readonly string[],
  losses: readonly KnownLoss[] = [],
): Promise<Content> {
  const parts: SchemaContent[] = [];
  for (const schema of schemas) parts.push(await readSchema(connection, schema, losses));
  return {
    version: connection.version,
    facts: parts.flatMap(({ facts }) => facts),
    rows: parts.flatMap(({ rows }) => rows),
    unread: parts.flatMap(({ unread }) => unread),
    losses,
  };
}

type SchemaContent = Pick<Content, 'facts' | 'rows' | 'unread'>;

async function readSchema(
  connection: ReadConnection,
  schema: string,
  losses: readonly KnownLoss[],
): Promise<SchemaContent> {
  const known = lossTable(losses);
  const facts: Fact[] = [];
  const rows: RowSet[] = [];
  const unread: UnreadTable[] = [];
  const [exists] = await rowsAbout(connection, 'schemata', 'schema_name', schema);
  if (exists === undefined) return { facts, rows, unread };
  // Definitions first: MySQL's catalogue knows the next AUTO_INCREMENT only of tables that were opened.
  facts.push(...(await readDefinitions(connection, schema)), ...(await readCatalogue(connection, schema)));
  const columns = await readColumns(connection, schema);
  for (const table of await rowsAbout(connection, 'tables', 'table_schema', schema)) {
    const name = readable(table.get('table_name'));
    const type = readable(table.get('table_type'));
    if (type === 'VIEW') continue;
    if (type === 'SEQUENCE') {
      facts.push(...(await readSequence(connection, schema, name)));
      continue;
    }
    const itsColumns = columns.get(name) ?? [];
    const hidden = await readHiddenMembers(connection, schema, name, itsColumns);
    facts.push(...hidden.facts);
    unread.push(...hidden.unread);
    const versioned = type === 'SYSTEM VERSIONED';
    rows.push(await readRows(connection, { schema, name, columns: itsColumns, versioned }, known));
  }
  return { facts: facts.filter((fact) => !known.coversFact(fact)), rows, unread };
}

/** A sequence is read as a table: taking its next value would change it. */
async function readSequence(connection: ReadConnection, schema: string, name: string): Promise<Fact[]> {
  const rows = await connection.rows(`SELECT * FROM ${quoted(schema)}.${quoted(name)}`);
  return rows.flatMap((row) =>
    [...row].map(([property, value]) => ({
      schema,
      kind: 'sequence state',
      object: name,
      part: '',
      property,
      value: readable(value),
    })),
  );
}
