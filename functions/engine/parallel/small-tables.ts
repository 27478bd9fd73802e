import { inSchema } from '../catalogue/object-counts.ts';
import type { Query } from '../connection.ts';
import { ROWS_ELSEWHERE_SQL } from '../rows/read-row-tables.ts';
import type { RowsText } from '../rows/read-rows.ts';

/** Of all small tables together: read within about 10 ms, and kept in memory as lines, at worst twice as long. */
const SMALL_BYTES = 1024 * 1024;
/** Each costs a question and its answer. */
const SMALL_TABLES = 50;

/** A table of an engine that takes no part in a snapshot. */
export interface OutsideTable {
  readonly schema: string;
  readonly name: string;
  readonly engine: string;
  /** Of rows, an estimate: the larger one of what is stored and of what that comes to, which ARCHIVE compresses. */
  readonly bytes: number;
}

/** The tables that no snapshot shows, which are small enough to be read while others wait: the smallest first. */
export async function readSmallTables(
  query: Query,
  schemas: readonly string[],
): Promise<readonly OutsideTable[]> {
  const found: OutsideTable[] = [];
  for (const schema of schemas) {
    const tables = await query(
      `SELECT TABLE_NAME AS name, ENGINE AS engine,
              GREATEST(COALESCE(DATA_LENGTH, 0), COALESCE(TABLE_ROWS, 0) * COALESCE(AVG_ROW_LENGTH, 0)) AS bytes
         FROM information_schema.TABLES
        WHERE ${inSchema('TABLE_SCHEMA')} AND TABLE_TYPE = 'BASE TABLE'
          AND UPPER(ENGINE) NOT IN ('INNODB', ${ROWS_ELSEWHERE_SQL})`,
      [schema, schema],
    );
    for (const { name, engine, bytes } of tables)
      found.push({ schema, name: name ?? '', engine: engine ?? '', bytes: Number(bytes ?? 0) });
  }
  let left = SMALL_BYTES;
  return found
    .toSorted((a, b) => a.bytes - b.bytes)
    .slice(0, SMALL_TABLES)
    .filter(({ bytes }) => {
      left -= bytes;
      return left >= 0;
    });
}

/** Takes the lines of a small table, so that they can be compressed and stored later. @throws as `readRows` */
export async function keepRows(rows: RowsText): Promise<RowsText> {
  const kept: Buffer[] = [];
  for await (const text of rows.texts) kept.push(Buffer.from(text));
  rows.free();
  const proof = rows.proof();
  async function* replay() {
    yield* kept;
  }
  return { texts: replay(), proof: () => proof, free: () => kept.splice(0) };
}
