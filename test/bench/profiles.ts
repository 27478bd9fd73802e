/** Whole schemas to measure with, deterministic, of any size. */
import { Readable } from 'node:stream';
import type { Connection } from 'mysql2/promise';
import { BLOBS, type MadeTable, METRICS, ORDERS, SBTEST, SMALL, type Value } from './made-tables.ts';
import { generator, integer } from './random.ts';

interface Planned {
  readonly name: string;
  readonly table: MadeTable;
  /** Of the bytes of the schema. */
  readonly share: number;
}

const small = (count: number, share: number): readonly Planned[] =>
  Array.from({ length: count }, (_, number) => ({
    name: `small_${number}`,
    table: SMALL,
    share: share / count,
  }));

const SMALL_BYTES = 20_000;

/** `mix`: many kinds; `skew`: one table holds four fifths. */
const PROFILES = {
  mix: (bytes: number): readonly Planned[] => [
    { name: 'sbtest1', table: SBTEST, share: 0.32 },
    { name: 'orders', table: ORDERS, share: 0.43 },
    { name: 'metrics', table: METRICS, share: 0.12 },
    { name: 'blobs', table: BLOBS, share: 0.13 },
    ...small(200, (200 * SMALL_BYTES) / bytes),
  ],
  skew: (bytes: number): readonly Planned[] => [
    { name: 'orders', table: ORDERS, share: 0.8 },
    { name: 'sbtest1', table: SBTEST, share: 0.2 },
    ...small(20, (20 * SMALL_BYTES) / bytes),
  ],
};

export type Profile = keyof typeof PROFILES;

export const isProfile = (name: string | undefined): name is Profile =>
  name !== undefined && name in PROFILES;

/**
 * Makes a schema of about so many bytes, counted as lines of LOAD DATA, with its secondary indexes.
 * @param connection for LOAD DATA LOCAL
 */
export async function fillProfile(
  connection: Connection,
  schema: string,
  profile: Profile,
  bytes: number,
): Promise<void> {
  await connection.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
  for (const [index, { name, table, share }] of PROFILES[profile](bytes).entries()) {
    await connection.query(`CREATE TABLE ${schema}.${name} (${table.definition}) ENGINE=InnoDB`);
    await connection.query({
      sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${schema}.${name} CHARACTER SET binary`,
      infileStreamFactory: () => Readable.from(textsOf(table, index + 1, share * bytes)),
    });
    await connection.query(`ANALYZE TABLE ${schema}.${name}`);
  }
}

const TEXT_BYTES = 1_000_000;

/** Lines of so many bytes, in texts. */
function* textsOf(table: MadeTable, seed: number, bytes: number): Generator<Buffer, void, undefined> {
  const random = generator(seed);
  // Tables of one size are seen nowhere.
  const wanted = bytes * (bytes > 1e6 ? 1 : 0.5 + integer(random, 1_000) / 1_000);
  let lines: Buffer[] = [];
  let length = 0;
  for (let id = 1, all = 0; all < wanted; id += 1) {
    const line = lineOf(table.row(random, id));
    lines.push(line);
    length += line.length;
    all += line.length;
    if (length < TEXT_BYTES && all < wanted) continue;
    yield Buffer.concat(lines);
    lines = [];
    length = 0;
  }
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\0': '\\0' };
const escaped = (text: string): string => text.replace(/[\\\n\t\0]/g, (byte) => ESCAPED[byte] ?? byte);

/** As latin1, a character is a byte: what is text is taken by its bytes first. */
function lineOf(values: readonly Value[]): Buffer {
  const fields = values.map((value) => {
    if (value === null) return '\\N';
    if (typeof value === 'number') return String(value);
    return escaped((Buffer.isBuffer(value) ? value : Buffer.from(value)).toString('latin1'));
  });
  return Buffer.from(`${fields.join('\t')}\n`, 'latin1');
}
