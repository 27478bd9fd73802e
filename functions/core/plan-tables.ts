import { refuseFoldedNames } from '../engine/catalogue/name-case.ts';
import type { Query } from '../engine/connection.ts';
import { NO_OBJECTS } from '../engine/contents.ts';
import { chooseStatement, type PlacedTable } from '../engine/parallel/choose-statement.ts';
import { readTableDefinitions, type TableDefinitions } from '../engine/parallel/table-definitions.ts';
import { definerAfter } from '../engine/sql/rewrite-definer.ts';
import { SafeBaseError } from '../errors.ts';
import { type ChosenSequence, type ChosenTable, prefixOf } from './chosen-tables.ts';
import type { ParallelSchema } from './manifest.ts';
import { nearNames } from './near-names.ts';
import type { Look } from './obstacles.ts';
import type { RestorePlan, SchemaRestore } from './plan-restore.ts';
import { openFileOf, type RestoreWork } from './restore-work.ts';
import type { WantedTable } from './run.ts';
import { readTargetNames, type TargetNames } from './target-names.ts';
import { withSession } from './with-session.ts';

/** One schema of the plan, with what is to be known of it to choose some of its tables. */
interface Chosen {
  readonly schema: SchemaRestore;
  readonly stored: ParallelSchema;
  readonly tables: readonly ChosenTable[];
  readonly definitions: TableDefinitions;
  readonly there: TargetNames;
}

/**
 * Narrows a plan to the tables that were asked for, and finds out by definitions and target what would stop them.
 * @throws `table_not_in_backup`, `target_object_exists`, `parent_missing`, `names_changed`, and as `readTableDefinitions`
 */
export async function planTables(work: RestoreWork, look: Look): Promise<RestorePlan> {
  const { ports, held, endpoint, plan } = work;
  const { tables: wanted } = held.run;
  if (wanted === undefined) return plan;
  let number = 0;
  const next = (): string => `${prefixOf(held.run.id)}${number++}`;
  return withSession(ports.connector, endpoint, held.signal, async (query) => {
    const chosen: Chosen[] = [];
    for (const schema of plan.schemas)
      chosen.push(await chooseIn({ work, look, query, next }, schema, wanted));
    const loadedAs = (source: string, name: string): PlacedTable | undefined => {
      const of = chosen.find(({ stored }) => stored.name === source);
      const table = of?.tables.find((one) => one.name === name);
      return of && table && { schema: of.schema.target, name: table.loadedAs };
    };
    const read = (target: string) => readTargetNames(query, plan.server, target);
    const schemas: SchemaRestore[] = [];
    for (const one of chosen) {
      await refuseMissingParents(one, loadedAs, read, look);
      schemas.push(await narrowed(work, one, { loadedAs, next, look }));
    }
    return { ...plan, schemas };
  });
}

interface Choosing {
  readonly work: RestoreWork;
  readonly look: Look;
  readonly query: Query;
  /** A name that nothing has. */
  readonly next: () => string;
}

async function chooseIn(
  { work, look, query, next }: Choosing,
  schema: SchemaRestore,
  wanted: readonly WantedTable[],
): Promise<Chosen> {
  const { plan, held } = work;
  const { stored, target } = schema;
  if ('dump' in stored) throw new Error('tables of a backup in format sql');
  const there = await readTargetNames(query, plan.server, target);
  const tables: ChosenTable[] = [];
  for (const { schema: source, name, as = name } of wanted) {
    if (source !== stored.name) continue;
    const found = stored.tables.find((table) => table.name === name);
    await look(() => refuseUnknown(stored, name));
    if (there.hasTable(as)) await look(() => refuseExisting(`table ${as}`, target));
    if (found) tables.push({ name, as, loadedAs: next(), rows: found.rows });
  }
  await look(() =>
    refuseFoldedNames(
      plan.server.lowerCaseTableNames,
      tables.map(({ as }) => as),
    ),
  );
  const open = openFileOf(work);
  const texts = [stored.definitions, stored.objects].map((text) => ({
    dump: open(text),
    dumpBytes: text.dumpBytes,
  }));
  const definitions = await readTableDefinitions(stored.name, texts, held.signal);
  return { schema, stored, tables, definitions, there };
}

function refuseUnknown({ name: schema, tables }: ParallelSchema, wanted: string): void {
  const names = tables.map(({ name }) => name);
  if (names.includes(wanted)) return;
  const near = nearNames(wanted, names);
  throw new SafeBaseError('table_not_in_backup', `the backup holds no rows of a table ${schema}.${wanted}`, {
    ...(near.length > 0 && { hint: `Did you mean ${near.join(', ')}? Views come with whole schemas alone.` }),
  });
}

function refuseExisting(what: string, schema: string): never {
  throw new SafeBaseError('target_object_exists', `schema ${schema} of the target has a ${what}`);
}

type LoadedAs = (schema: string, table: string) => PlacedTable | undefined;

/** A foreign key needs its parent, and a default its sequence: of this restore, or there already. */
async function refuseMissingParents(
  { schema, stored, tables, definitions, there }: Chosen,
  loadedAs: LoadedAs,
  read: (target: string) => Promise<TargetNames>,
  look: Look,
): Promise<void> {
  for (const { name: table } of tables) {
    const { parents = [], sequences = [] } = definitions.tables.get(table) ?? {};
    for (const { schema: named = stored.name, name } of parents) {
      const isOwn = named === stored.name;
      const names = isOwn ? there : await read(named);
      if (loadedAs(named, name) || names.hasTable(name)) continue;
      const place = isOwn ? schema.target : named;
      await look(() => refuseWithout(`table ${table} refers to ${name}`, place));
    }
    for (const { schema: named = stored.name, name } of sequences) {
      const isOwn = named === stored.name;
      const names = isOwn ? there : await read(named);
      if (names.hasTable(name) || (isOwn && definitions.sequences.has(name))) continue;
      await look(() => refuseWithout(`table ${table} draws from ${name}`, isOwn ? schema.target : named));
    }
  }
}

function refuseWithout(what: string, schema: string): never {
  throw new SafeBaseError(
    'parent_missing',
    `${what}, which is neither restored nor in schema ${schema} of the target`,
  );
}

async function narrowed(
  { held, plan }: RestoreWork,
  { schema, stored, tables, definitions, there }: Chosen,
  { loadedAs, next, look }: { loadedAs: LoadedAs; next: () => string; look: Look },
): Promise<SchemaRestore> {
  const { target } = schema;
  const chosenOf = (name: string) => tables.find((table) => table.name === name);
  const leftOut: string[] = [];
  const triggers = [];
  for (const trigger of definitions.triggers) {
    const table = chosenOf(trigger.table);
    if (table === undefined) continue;
    const told = `trigger \`${trigger.name}\` of \`${trigger.table}\``;
    // It would do its work a second time, for the rows of a copy, and its name is that of the first.
    if (table.as !== table.name) leftOut.push(`${told}: the table goes under another name`);
    else {
      if (there.hasTrigger(trigger.name)) await look(() => refuseExisting(`trigger ${trigger.name}`, target));
      if (trigger.schemaCollation !== undefined && trigger.schemaCollation !== stored.collation) {
        leftOut.push(
          `${told}: the collation ${trigger.schemaCollation} of the schema that it was written in`,
        );
      }
      triggers.push(trigger);
    }
  }
  const taken = new Set<string>();
  const drawn = new Set<string>();
  for (const { name } of tables) {
    const { constraints = [], sequences = [] } = definitions.tables.get(name) ?? {};
    for (const constraint of constraints) {
      const folded = constraint.name.toLowerCase();
      if (plan.server.info.product === 'mariadb' && constraint.of === 'CHECK') continue;
      if (!there.constraints.has(folded)) continue;
      taken.add(folded);
      leftOut.push(`table \`${name}\`: the name of ${constraint.of} \`${constraint.name}\`, which is taken`);
    }
    for (const sequence of sequences) {
      const isOwn = (sequence.schema ?? stored.name) === stored.name;
      if (isOwn && !there.hasTable(sequence.name)) drawn.add(sequence.name);
    }
  }
  const sequences: ChosenSequence[] = [...drawn].flatMap((name) => {
    const statements = definitions.sequences.get(name);
    return statements ? [{ name, loadedAs: next(), statements }] : [];
  });
  const own = triggers.flatMap(({ definer }) => (definer === undefined ? [] : [definer]));
  const becomes = (name: string) => definerAfter(held.run.definers ?? 'keep', name, plan.grants.accountName);
  const kept = stored.tables.flatMap((table) => {
    const chosen = chosenOf(table.name);
    return chosen ? [{ ...table, name: chosen.loadedAs }] : [];
  });
  const names = new Set(triggers.map(({ name }) => name));
  const choice = {
    schema: stored.name,
    targetSchema: target,
    loadedAs,
    triggers: names,
    takenConstraints: taken,
  };
  return {
    ...schema,
    action: schema.action === 'replace' ? 'add' : schema.action,
    definers: [...new Set(own.map(becomes))],
    stored: { ...stored, tables: kept },
    contents: {
      ...schema.contents,
      counts: { ...NO_OBJECTS, tables: tables.length, triggers: triggers.length },
      brokenViews: [],
      tables: kept,
    },
    tables: { tables, sequences, leftOut, choose: (item) => chooseStatement(item, choice) },
  };
}
