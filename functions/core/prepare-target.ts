import type { Grants } from '../engine/catalogue/grants.ts';
import { countObjects, isSchemaEmpty, schemaExists } from '../engine/catalogue/object-counts.ts';
import { findOverEvents } from '../engine/catalogue/over-events.ts';
import { findOtherRows } from '../engine/catalogue/row-counts.ts';
import { refuseUnmetNeeds } from '../engine/catalogue/unmet-needs.ts';
import { type Endpoint, quoteName } from '../engine/connection.ts';
import type { ObjectCounts, SchemaContents, ServerInfo, TableRows } from '../engine/contents.ts';
import type { CheckedDump, OutsideNeed } from '../engine/sql/format-sql.ts';
import { endFormerLoad } from '../engine/sql/load-lock.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import type { SqlConnector } from './ports.ts';
import { withSession } from './with-session.ts';

/** What becomes of one target schema before the load. */
export interface TargetSchema {
  readonly contents: SchemaContents & { readonly tables?: readonly TableRows[] };
  /** Its name on the target. */
  readonly target: string;
  /**
   * `replace`: it holds objects, and dropping them was asked for and confirmed; `add`: they stay, and some tables are put
   * beside them.
   */
  readonly action: 'create' | 'fill' | 'replace' | 'add';
}

/** Looks at what the dumps need of other schemas of the target. @throws as `refuseUnmetNeeds`, the reason of the signal */
export async function refuseUnmet(
  connector: SqlConnector,
  endpoint: Endpoint,
  grants: Grants,
  needs: readonly OutsideNeed[],
  signal: AbortSignal,
): Promise<void> {
  if (needs.length === 0) return;
  await withSession(connector, endpoint, signal, (query) => refuseUnmetNeeds(query, grants, needs));
}

/**
 * Makes the schema, empty and with the defaults of the source. A load that an earlier worker left behind ends first: it
 * would fill what is emptied here, or keep it locked. Looks again before it drops or fills: what was
 * empty when the restore was planned may hold a table by now.
 * @throws `target_not_empty`, the reason of the signal
 */
export async function prepareSchema(
  connector: SqlConnector,
  endpoint: Endpoint,
  schema: TargetSchema,
  product: ServerInfo['product'],
  signal: AbortSignal,
): Promise<void> {
  await withSession(connector, endpoint, signal, async (query) => {
    const name = quoteName(schema.target);
    await endFormerLoad(query, schema.target);
    const exists = await schemaExists(query, schema.target);
    if (exists && schema.action !== 'replace' && !(await isSchemaEmpty(query, schema.target))) {
      throw new SafeBaseError('target_not_empty', `schema ${schema.target} has been filled meanwhile`);
    }
    if (exists && schema.action === 'replace') await query(`DROP DATABASE ${name}`);
    const verb = exists && schema.action !== 'replace' ? 'ALTER' : 'CREATE';
    await query(`${verb} DATABASE ${name} ${defaultsOf(schema.contents, product)}`).catch(
      (error: unknown) => {
        if (!isCode(error, 'schema_left_behind')) throw error;
        throw new SafeBaseError(error.code, `the server cannot make the schema ${schema.target}`, {
          cause: error,
        });
      },
    );
  });
}

/** Ends the load of an earlier worker of this restore, which may only be slow. @throws as `endFormerLoad` */
export const takeOverSchema = (
  connector: SqlConnector,
  endpoint: Endpoint,
  schema: string,
  signal: AbortSignal,
): Promise<void> => withSession(connector, endpoint, signal, (query) => endFormerLoad(query, schema));

/**
 * Counts the objects and rows of the target and holds them against the manifest.
 * @param ledgerTable stands there besides, until the restore has ended
 * @throws `counts_differ` naming each kind and table, the reason of the signal
 */
export async function compareTarget(
  connector: SqlConnector,
  endpoint: Endpoint,
  schema: TargetSchema,
  signal: AbortSignal,
  ledgerTable?: string,
): Promise<void> {
  const { contents, target } = schema;
  const differing = await withSession(connector, endpoint, signal, async (query) => {
    const objects = differences(contents, await countObjects(query, target, ledgerTable));
    return objects || (await findOtherRows(query, target, contents.tables ?? [], signal)).join(', ');
  });
  if (differing === '') return;
  throw new SafeBaseError('counts_differ', `schema ${schema.target} holds ${differing}`);
}

/** The events of the target whose time is over. @throws the reason of the signal */
export const overEvents = (
  connector: SqlConnector,
  endpoint: Endpoint,
  { target }: TargetSchema,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> =>
  withSession(connector, endpoint, signal, (query) => findOverEvents(query, target));

/**
 * Holds what a dump creates against the manifest, before anything is written.
 * @throws `backup_damaged` naming each kind
 */
export function refuseOtherCounts(
  { contents }: Pick<TargetSchema, 'contents'>,
  { created, tables }: Pick<CheckedDump, 'created' | 'tables'>,
): void {
  const differing = differences(contents, created) || otherRows(contents.tables ?? tables, tables);
  if (differing === '') return;
  throw new SafeBaseError('backup_damaged', `the dump of ${contents.name} creates ${differing}`);
}

function otherRows(wanted: readonly TableRows[], found: readonly TableRows[]): string {
  const rowsOf = new Map(found.map(({ name, rows }) => [name, rows]));
  return wanted
    .filter(({ name, rows }) => rowsOf.get(name) !== rows)
    .map(({ name, rows }) => `table ${quoteName(name)} with ${rowsOf.get(name) ?? 0} of ${rows} rows`)
    .join(', ');
}

/** Each kind of which there are more or fewer than there should be: "2 of 3 triggers"; broken views never come. */
export function differences({ counts, brokenViews }: SchemaContents, found: ObjectCounts): string {
  const wanted = { ...counts, views: counts.views - brokenViews.length };
  const kinds = Object.keys(wanted) as (keyof ObjectCounts)[];
  return kinds
    .filter((kind) => found[kind] !== wanted[kind])
    .map((kind) => `${found[kind]} of ${wanted[kind]} ${kind}`)
    .join(', ');
}

/** Character set, collation and comment; names from a manifest are looked at before they become SQL. */
export function defaultsOf(contents: SchemaContents, product: ServerInfo['product']): string {
  const { characterSet, collation, comment } = contents;
  if (!/^[a-z0-9_]{1,64}$/i.test(characterSet) || !/^[a-z0-9_]{1,64}$/i.test(collation)) {
    throw new SafeBaseError('backup_damaged', `the manifest names no character set for ${contents.name}`);
  }
  const quoted = comment.replaceAll('\\', '\\\\').replaceAll("'", "''");
  const commented = product === 'mariadb' && comment !== '' ? ` COMMENT '${quoted}'` : '';
  return `CHARACTER SET ${characterSet} COLLATE ${collation}${commented}`;
}
