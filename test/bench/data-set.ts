/** Deterministic rows of the kinds that real databases hold: orders with text and JSON, metrics, files, articles. */
import type { Connection } from 'mysql2/promise';
import { generator, integer, pick, type Random } from './random.ts';

/** Rows that are made here; larger data sets repeat them, too far apart for a compressor to notice. */
const BASE_BYTES = 10_000_000;
const ROWS_PER_INSERT = 500;
const WORDS =
  'order customer red blue invoice paid shipped late return parcel street house green large small garden lamp chair ' +
  'the of and to in is was for with on at by from that which their been more would about there some other time made';

interface Table {
  readonly name: string;
  readonly definition: string;
  readonly columns: string;
  /** Of all bytes. */
  readonly share: number;
  readonly row: (random: Random) => readonly (string | number | Buffer | null)[];
}

/** Without secondary indexes: a dump does not read them, and filling them takes longer than the whole bench. */
const TABLES: readonly Table[] = [
  {
    name: 'orders',
    definition:
      'customer INT, status VARCHAR(16), total DECIMAL(12,2), made DATETIME, email VARCHAR(120), note TEXT, meta JSON',
    columns: 'customer, status, total, made, email, note, meta',
    share: 0.4,
    row: (random) => [
      integer(random, 300_000),
      pick(random, ['pending', 'paid', 'shipped', 'cancelled']),
      integer(random, 10_000_000) / 100,
      date(random),
      `${word(random)}.${word(random)}${integer(random, 9_999)}@example.com`,
      integer(random, 4) === 0 ? null : `${sentence(random, 24)} It's "${word(random)}" \\ Grüße ☕`,
      JSON.stringify({
        source: word(random),
        items: [{ sku: integer(random, 999_999), price: random() * 100 }],
      }),
    ],
  },
  {
    name: 'metrics',
    definition: 'device INT, at TIMESTAMP(3) NULL, a BIGINT, b INT, c SMALLINT, d DOUBLE, e DECIMAL(10,3)',
    columns: 'device, at, a, b, c, d, e',
    share: 0.25,
    row: (random) => [
      integer(random, 5_000),
      date(random),
      Math.floor(random() * 2 ** 52),
      integer(random, 1_000),
      integer(random, 60_000) - 30_000,
      random() * 1e6,
      integer(random, 10_000_000) / 1_000,
    ],
  },
  {
    name: 'files',
    definition: 'name VARCHAR(64), kind VARCHAR(32), bytes MEDIUMBLOB',
    columns: 'name, kind, bytes',
    share: 0.15,
    row: (random) => [
      `file-${integer(random, 1e9)}.bin`,
      'application/octet-stream',
      noise(random, integer(random, 8_000)),
    ],
  },
  {
    name: 'articles',
    definition: 'title VARCHAR(200), body MEDIUMTEXT',
    columns: 'title, body',
    share: 0.2,
    row: (random) => [sentence(random, 6), Array.from({ length: 20 }, () => sentence(random, 18)).join('\n')],
  },
];

/** Makes a schema of about so many bytes, counted as the text of their values. */
export async function fillSchema(connection: Connection, schema: string, bytes: number): Promise<void> {
  await connection.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
  for (const [index, table] of TABLES.entries()) {
    const name = `${schema}.${table.name}`;
    await connection.query(
      `CREATE TABLE ${name} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, ${table.definition})`,
    );
    const made = await insertBase(connection, name, table, generator(index + 1));
    await repeatRows(
      connection,
      name,
      table.columns,
      Math.round(((bytes * table.share) / made.bytes) * made.rows),
      made.rows,
    );
  }
}

async function insertBase(connection: Connection, name: string, table: Table, random: Random) {
  let bytes = 0;
  let rows = 0;
  while (bytes < BASE_BYTES * table.share) {
    const values = Array.from({ length: ROWS_PER_INSERT }, () => table.row(random));
    await connection.query(`INSERT INTO ${name} (${table.columns}) VALUES ?`, [values]);
    // A blob is printed in hexadecimal.
    bytes += values
      .flat()
      .reduce<number>(
        (sum, value) => sum + (Buffer.isBuffer(value) ? 2 * value.length : String(value).length),
        0,
      );
    rows += values.length;
  }
  return { bytes, rows };
}

/** Repeats the rows, in their order, until there are so many. */
async function repeatRows(
  connection: Connection,
  name: string,
  columns: string,
  wanted: number,
  made: number,
) {
  for (let rows = made; rows < wanted; ) {
    const added = Math.min(rows, wanted - rows, 200_000);
    await connection.query(
      `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${name} ORDER BY id LIMIT ${added}`,
    );
    rows += added;
  }
}

const VOCABULARY = WORDS.split(' ');
/** Early words are more frequent, as in any language, and rare ones carry a number. */
const word = (random: Random): string =>
  `${pick(random, VOCABULARY.slice(0, 1 + integer(random, VOCABULARY.length)))}${integer(random, 5) === 0 ? integer(random, 2_000) : ''}`;
const sentence = (random: Random, words: number): string =>
  Array.from({ length: words }, () => word(random)).join(' ');
const date = (random: Random): string =>
  new Date(1_600_000_000_000 + integer(random, 1e11)).toISOString().slice(0, 23).replace('T', ' ');
/** Half of it cannot be compressed. */
const noise = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at % 32 < 16 ? integer(random, 256) : 0)));
