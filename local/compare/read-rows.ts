/** Reads all rows of a table as a set of digests, in a stream. */
import { type Column, expressionsFor, isStable } from './columns.ts';
import { quoted, type RawValue, type ReadConnection } from './connect.ts';
import type { RowSet } from './content.ts';
import { describeRow } from './describe-row.ts';
import type { Leniency, LossTable } from './known-losses.ts';
import { DigestList, digestRow, wordOf } from './row-digests.ts';

/** Up to here rows are kept in readable form, so that a difference can be shown after the source is gone. */
const DESCRIBED_ROWS = 5_000;

/** A table whose rows are read. */
export interface ReadTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly versioned: boolean;
}

/** Reads a table. `describe` of the answer reads it again where the row was not kept. */
export async function readRows(
  connection: ReadConnection,
  table: ReadTable,
  losses: LossTable,
): Promise<RowSet> {
  const plan = planRead(connection.product, table, losses);
  const words = new DigestList();
  const described = new Map<bigint, string>();
  let count = 0;
  let sizeBytes = 0;
  for await (const values of plan.read(connection)) {
    const digest = digestRow(values);
    words.add(digest);
    if (count < DESCRIBED_ROWS) described.set(wordOf(digest), describeRow(plan.labels, values));
    count += 1;
    for (const value of values) sizeBytes += value?.length ?? 0;
  }
  return {
    schema: table.schema,
    table: table.name,
    count,
    sizeBytes,
    digests: words.sorted(),
    describe: async (digest) => described.get(digest) ?? (await findRow(connection, plan, digest)),
  };
}

interface Plan {
  readonly labels: readonly string[];
  readonly read: (connection: ReadConnection) => AsyncIterable<readonly RawValue[]>;
}

function planRead(product: 'mariadb' | 'mysql', table: ReadTable, losses: LossTable): Plan {
  const history = table.versioned && !losses.historyLost(table.schema, table.name);
  const isPeriod = (column: Column): boolean => /^row (start|end)$/i.test(column.generation);
  const chosen = table.columns.filter((column) => isStable(column) && !(isPeriod(column) && !history));
  const wanted = chosen.flatMap((column) => {
    const lenient = losses.leniency(table.schema, table.name, column.name);
    return expressionsFor(column, product, lenient).map((sql, at) => ({
      sql,
      label: at === 0 ? column.name : `${column.name}:${at}`,
      change: changeFor(lenient),
    }));
  });
  if (history && !table.columns.some(isPeriod)) {
    for (const sql of ['row_start', 'row_end']) wanted.push({ sql, label: sql, change: undefined });
  }
  // A table may have no comparable column at all; its rows are still counted.
  const list = wanted.map(({ sql }) => sql).join(', ') || '1';
  const from = `${quoted(table.schema)}.${quoted(table.name)}${history ? ' FOR SYSTEM_TIME ALL' : ''}`;
  const isChanged = wanted.some(({ change }) => change !== undefined);
  const lenient = (values: readonly RawValue[]): readonly RawValue[] =>
    values.map((value, at) => (value === null ? null : (wanted[at]?.change?.(value) ?? value)));
  return {
    labels: wanted.map(({ label }) => label),
    read: async function* (connection) {
      for await (const values of connection.stream(`SELECT ${list} FROM ${from}`)) {
        yield isChanged ? lenient(values) : values;
      }
    },
  };
}

/** What takes the part out of a value that a loss concerns. */
function changeFor(lenient: ReadonlySet<Leniency>): ((value: Buffer) => Buffer) | undefined {
  if (lenient.has('unsigned-zero')) return withoutSignOfZero;
  if (lenient.has('double-json')) return withNumbersAsDoubles;
  return undefined;
}

/** -0, also as -0.00, becomes 0. */
const withoutSignOfZero = (value: Buffer): Buffer =>
  /^-0(\.0*)?$/.test(value.toString('latin1')) ? value.subarray(1) : value;

const withNumbersAsDoubles = (value: Buffer): Buffer =>
  Buffer.from(JSON.stringify(JSON.parse(value.toString())));

/** Reads to the end even after the row was found: the connection is free again only then. */
async function findRow(connection: ReadConnection, plan: Plan, digest: bigint): Promise<string | undefined> {
  let found: string | undefined;
  for await (const values of plan.read(connection)) {
    if (found === undefined && wordOf(digestRow(values)) === digest) found = describeRow(plan.labels, values);
  }
  return found;
}
