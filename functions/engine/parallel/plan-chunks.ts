import { type Query, quoteName } from '../connection.ts';
import type { ChunkKey } from './chunk-key.ts';

/** Some rows of a table: half-open from one bound to the next, so that each row is in exactly one chunk. */
export interface Chunk {
  /** The index to read by, so that no chunk reads the rows of others. */
  readonly index: string;
  /** A SQL condition. */
  readonly condition: string;
}

interface ChunkPlan {
  /** Of a session that `setUpPlanning` has set up. */
  readonly query: Query;
  readonly product: 'mariadb' | 'mysql';
  readonly key: ChunkKey;
  /** How many are wished for: as many come, or fewer, or up to twice as many, as the rows lie. */
  readonly wanted: number;
}

/**
 * Cuts a table into chunks of about as many rows. Bounds are values; the server compares them, so that collations,
 * signs and members mean what they mean to it; whether rows with such values exist does not matter.
 * @returns none where the rows cannot be cut: they go in one piece
 */
export async function planChunks(plan: ChunkPlan): Promise<readonly Chunk[]> {
  if (plan.wanted < 2) return [];
  const bounds = await (plan.key.isInteger ? integerBounds(plan) : walkedBounds(plan));
  if (bounds.length === 0) return [];
  const column = quoteName(plan.key.column);
  const { index } = plan.key;
  return [undefined, ...bounds].map((bound, at) => {
    const next = bounds[at];
    const sides = [
      ...(bound === undefined ? [] : [`${column} >= ${bound}`]),
      ...(next === undefined ? [] : [`${column} < ${next}`]),
    ];
    return { index, condition: sides.join(' AND ') };
  });
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
  readonly rows: number;
}

/** Halves the range with the most rows, by the estimates of the server, until none has more than its share. */
async function integerBounds(plan: ChunkPlan): Promise<readonly string[]> {
  const { query, key, wanted } = plan;
  const [ends] = await query(
    `SELECT MIN(${key.print}) AS first, MAX(${key.print}) AS last FROM ${tableOf(key)}`,
  );
  if (typeof ends?.first !== 'string' || typeof ends.last !== 'string') return [];
  const whole = await estimated(plan, BigInt(ends.first), BigInt(ends.last));
  const share = Math.max(1, whole.rows / wanted);
  const ranges = [whole];
  for (let cuts = 0; cuts < MAX_CUTS; cuts += 1) {
    const [most] = ranges.toSorted((a, b) => b.rows - a.rows);
    if (!most || most.rows <= share || most.first === most.last) break;
    const middle = most.first + (most.last - most.first) / 2n;
    const halves = [await estimated(plan, most.first, middle), await estimated(plan, middle + 1n, most.last)];
    ranges.splice(ranges.indexOf(most), 1, ...halves);
  }
  return withoutSmall(ranges, share).map(({ first }) => String(first));
}

/** Enough to find 64 dense ranges in the whole width of BIGINT. */
const MAX_CUTS = 4096;

/** Joins neighbours while they hold no more than a share; gives those that begin a chunk, but for the first. */
function withoutSmall(ranges: readonly Range[], share: number): readonly Range[] {
  const starts: Range[] = [];
  let rows = 0;
  for (const range of ranges) {
    rows += range.rows;
    if (rows <= share && starts.length > 0) continue;
    starts.push(range);
    rows = range.rows;
  }
  return starts.slice(1);
}

async function estimated(plan: ChunkPlan, first: bigint, last: bigint): Promise<Range> {
  const column = quoteName(plan.key.column);
  return {
    first,
    last,
    rows: await estimatedRows(plan, `WHERE ${column} >= ${first} AND ${column} <= ${last}`),
  };
}

async function estimatedRows({ query, product, key }: ChunkPlan, where = ''): Promise<number> {
  // MySQL does not look into an index that it is forced to use.
  const explain = product === 'mysql' ? 'EXPLAIN FORMAT=TRADITIONAL' : 'EXPLAIN';
  const index = quoteName(key.index);
  const [row] = await query(`${explain} SELECT 1 FROM ${tableOf(key)} USE INDEX (${index}) ${where}`);
  return Number(row?.rows ?? 0);
}

/** Walks along the index and takes the value of every n-th row. */
async function walkedBounds(plan: ChunkPlan): Promise<readonly string[]> {
  const { query, key, wanted } = plan;
  const { index, column, print, literal } = key;
  const name = quoteName(column);
  const from = `FROM ${tableOf(key)} FORCE INDEX (${quoteName(index)})`;
  const step = Math.ceil((await estimatedRows(plan)) / wanted);
  const bounds: string[] = [];
  while (step > 0 && bounds.length < 2 * wanted) {
    const last = bounds.at(-1);
    const after = last === undefined ? '' : `WHERE ${name} > ${last}`;
    const [row] = await query(
      `SELECT ${print} AS bound ${from} ${after} ORDER BY ${name} LIMIT 1 OFFSET ${step - 1}`,
    );
    if (typeof row?.bound !== 'string') break;
    const bound = literal(row.bound);
    // A value that the server does not find again would part the rows otherwise than they are ordered.
    const [found] = await query(`SELECT 1 AS found ${from} WHERE ${name} = ${bound} LIMIT 1`);
    if (found === undefined) return [];
    bounds.push(bound);
  }
  return bounds;
}

const tableOf = ({ schema, table }: ChunkKey): string => `${quoteName(schema)}.${quoteName(table)}`;
