import { refuseFoldedNames } from '../engine/catalogue/name-case.ts';
import { refuseUnknownCollations } from '../engine/catalogue/unknown-collations.ts';
import { refuseUnknownModes } from '../engine/catalogue/unknown-modes.ts';
import type { CheckedDump, OnProgress, OutsideNeed } from '../engine/sql/format-sql.ts';
import { SafeBaseError } from '../errors.ts';
import { type ChunkWatch, checkStored, type LongRow } from './check-stored.ts';
import { showTables } from './chosen-tables.ts';
import type { HeldRun } from './hold-run.ts';
import type { Look } from './obstacles.ts';
import type { RestorePlan, SchemaRestore } from './plan-restore.ts';
import { refuseOtherCounts, refuseUnmet } from './prepare-target.ts';
import { eachSchema, openFileOf, type RestoreWork } from './restore-work.ts';
import type { Restore } from './run.ts';
import { withSession } from './with-session.ts';

/** Pass 1: everything is read, proved and looked through before the first write. */
export async function checkAll(work: RestoreWork, look: Look): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  const targets = new Map(Object.entries(held.run.schemas));
  const carried = new Set<string>();
  const needs: OutsideNeed[] = [];
  const collations: string[] = [];
  const modes: string[] = [];
  const open = openFileOf(work);
  const { takesLocalRows, server } = plan;
  const { maxAllowedPacketBytes } = server;
  const way = { product: server.info.product, takesLocalRows, maxAllowedPacketBytes };
  const chunks = followChunks(held, plan);
  const checkSchema = async (schema: SchemaRestore, onProgress: OnProgress): Promise<void> => {
    const { stored, target: targetSchema } = schema;
    const { signal } = held;
    const choose = schema.tables?.choose;
    let longest: LongRow | undefined;
    const through = (longRow?: LongRow): void => {
      if (longRow && longRow.packetBytes > (longest?.packetBytes ?? 0)) longest = longRow;
      // At once, as another worker would pass over this chunk; a dry run tells of the longest alone.
      if (!held.run.dryRun) refuseLongRow(plan, schema, longest);
      chunks.through();
    };
    const checked = await checkStored({
      ...{ open, schema: stored, targetSchema, choose, way, signal, onProgress },
      chunks: { isThrough: chunks.isThrough, through },
    });
    refuseOtherCounts(schema, checked);
    await look(() => refuseFoldedNames(plan.server.lowerCaseTableNames, checked.names));
    await look(() => refuseLongStatements(plan, schema, checked));
    await look(() => refuseLongRow(plan, schema, longest));
    await look(() => refuseMissingEngines(plan, checked));
    collations.push(schema.contents.collation, ...checked.collations);
    modes.push(...checked.sqlModes);
    const shown = (object: string): string => showTables(schema.tables, object);
    if (targetSchema !== schema.contents.name)
      for (const object of checked.carriesName) carried.add(shown(object));
    needs.push(...checked.outsideNeeds.map((need) => ({ ...need, by: shown(need.by) })));
  };
  await eachSchema(work, 'check', (schema, onProgress) => look(() => checkSchema(schema, onProgress)));
  // What goes to the target under another name would be read or referred to under its old one.
  for (const { by, schema } of needs) if ((targets.get(schema) ?? schema) !== schema) carried.add(by);
  await look(() => refuseCarriedNames([...carried]));
  await withSession(ports.connector, endpoint, held.signal, async (query) => {
    await look(() => refuseUnknownCollations(query, collations));
    await look(() => refuseUnknownModes(query, modes));
  });
  const isMade = new Set(targets.values());
  const outside = needs.filter(({ schema }) => !isMade.has(schema));
  await look(() => refuseUnmet(ports.connector, endpoint, plan.grants, outside, held.signal));
  held.signal.throwIfAborted();
}

/** Counts the chunks that were read through: objects never change, and the next worker need not read them again. */
function followChunks(held: HeldRun<Restore>, { schemas }: RestorePlan): ChunkWatch {
  const isLoading = schemas.some(({ isBegun }) => isBegun);
  const before = isLoading ? Infinity : (held.run.checkedChunks ?? 0);
  let passed = 0;
  return {
    isThrough: () => passed < before,
    through: () => {
      passed += 1;
      if (passed > before) held.keep({ checkedChunks: passed, workersSinceProgress: 0 });
    },
  };
}

function refuseCarriedNames(objects: readonly string[]): void {
  if (objects.length === 0) return;
  throw new SafeBaseError(
    'dump_carries_schema_name',
    `under another name these would still point at the old schema: ${objects.join(', ')}`,
    { details: { objects } },
  );
}

function refuseMissingEngines({ engines }: RestorePlan, checked: CheckedDump): void {
  const missing = checked.engines.filter((engine) => !engines.has(engine));
  if (missing.length === 0) return;
  throw new SafeBaseError('engine_missing', `the target has no storage engine ${missing.join(', ')}`);
}

/** A packet is the statement and one byte more. */
function refuseLongStatements(
  { server: { maxAllowedPacketBytes } }: RestorePlan,
  { contents }: SchemaRestore,
  { largestStatementBytes }: CheckedDump,
): void {
  const needed = largestStatementBytes + 1;
  if (needed <= maxAllowedPacketBytes) return;
  throw new SafeBaseError(
    'packet_too_small',
    `the dump of ${contents.name} holds a statement of ${largestStatementBytes} bytes, and the target takes ${maxAllowedPacketBytes} at once`,
    { hint: `${raisePacketTo(needed)} on the target, then restore again.` },
  );
}

function refuseLongRow(
  { takesLocalRows, server: { maxAllowedPacketBytes } }: RestorePlan,
  { contents }: SchemaRestore,
  longest: LongRow | undefined,
): void {
  if (longest === undefined || longest.packetBytes <= maxAllowedPacketBytes) return;
  const { table, packetBytes } = longest;
  const local = takesLocalRows
    ? ''
    : 'SET GLOBAL local_infile = 1, with which rows need not fit into a statement, or ';
  throw new SafeBaseError(
    'packet_too_small',
    `a row of ${contents.name}.${table} needs ${packetBytes} bytes at once, and the target takes ${maxAllowedPacketBytes}`,
    { hint: `${local}${raisePacketTo(packetBytes)} on the target, then restore again.` },
  );
}

const raisePacketTo = (bytes: number): string =>
  `SET GLOBAL max_allowed_packet = ${Math.ceil(bytes / 1024) * 1024}`;
