/** Reads what information_schema says about the objects of a schema. */
import { CATALOGUE, type CatalogueView } from './catalogue.ts';
import type { RawRow, ReadConnection } from './connect.ts';
import { type Fact, readable } from './content.ts';
import { COSMETIC_COLUMNS, COSMETIC_HISTOGRAM, COSMETIC_OPTIONS, withoutCosmetics } from './cosmetics.ts';

/** Every fact that the catalogue holds about one schema. */
export async function readCatalogue(connection: ReadConnection, schema: string): Promise<Fact[]> {
  const known = await viewsOf(connection);
  const facts: Fact[] = [];
  for (const view of CATALOGUE.filter((each) => known.has(each.view))) {
    facts.push(...(await readView(connection, view, schema)));
  }
  return facts;
}

/** The rows of a view that are about this schema; names are compared by byte, whatever their collation says. */
export async function rowsAbout(
  connection: ReadConnection,
  view: string,
  column: string,
  schema: string,
): Promise<readonly RawRow[]> {
  const rows = await connection.rows(`SELECT * FROM information_schema.${view} WHERE ${column} = ?`, [
    schema,
  ]);
  return rows.filter((row) => row.get(column)?.toString() === schema);
}

async function viewsOf(connection: ReadConnection): Promise<ReadonlySet<string>> {
  const rows = await connection.rows(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'information_schema'",
  );
  return new Set(rows.map((row) => readable(row.get('name')).toLowerCase()));
}

async function readView(connection: ReadConnection, view: CatalogueView, schema: string): Promise<Fact[]> {
  const rows = await rowsAbout(connection, view.view, view.schema, schema);
  // Where the columns do not tell two rows apart, their order by content does.
  const seen = new Map<string, number>();
  const facts: Fact[][] = [];
  for (const row of [...rows].sort((a, b) => (rowText(a) < rowText(b) ? -1 : 1))) {
    const object = view.object === undefined ? '' : readable(row.get(view.object));
    const name = view.part
      .flatMap((column) => (row.has(column) ? [readable(row.get(column))] : []))
      .join('.');
    const twin = seen.get(`${object}\0${name}`) ?? 0;
    seen.set(`${object}\0${name}`, twin + 1);
    facts.push(factsOf(view, row, { schema, object, part: twin === 0 ? name : `${name}#${twin}` }));
  }
  return facts.flat();
}

const rowText = (row: RawRow): string =>
  JSON.stringify(
    [...row].filter(([column]) => !(column in COSMETIC_COLUMNS)).map(([, value]) => readable(value)),
  );

function factsOf(view: CatalogueView, row: RawRow, of: Pick<Fact, 'schema' | 'object' | 'part'>): Fact[] {
  return [...row].flatMap(([property, value]) =>
    property in COSMETIC_COLUMNS || `${view.view}.${property}` in COSMETIC_COLUMNS
      ? []
      : [{ ...of, kind: view.kind, property, value: normalised(property, readable(value)) }],
  );
}

function normalised(property: string, text: string): string {
  if (property === 'create_options') return withoutCosmetics(text, COSMETIC_OPTIONS).trim();
  if (property === 'histogram') return withoutCosmetics(text, COSMETIC_HISTOGRAM);
  return text;
}
