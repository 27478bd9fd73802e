/** A believable shop with something of everything that a backup must carry; the same for the same seed. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Maker } from '../engines/packages.ts';
import { insertRows } from './insert-rows.ts';
import { ORDERS, PROGRAMS } from './programs.ts';
import { randomFrom } from './random.ts';
import { shopRows } from './rows.ts';
import { tablesFor } from './tables.ts';

export interface SampleSize {
  /** About how large its rows are; a whole number of at least 1. */
  readonly megabytes: number;
  readonly seed: number;
}

/** The schemas of the shop. */
export const SAMPLE_SCHEMAS = ['shop', 'warehouse'] as const;

/**
 * Fills the shop, unless the very same one is there already; another one, or one that is not whole, is dropped.
 * @param connection to a server of our own; its account becomes the definer of views and programs
 * @returns whether the shop was there already
 */
export async function fillSampleShop(connection: Connection, size: SampleSize): Promise<'filled' | 'kept'> {
  await connection.query("SET NAMES utf8mb4, time_zone = '+00:00'");
  if (await isFilledWith(connection, size)) return 'kept';
  await connection.query("SET sql_mode = 'STRICT_ALL_TABLES', foreign_key_checks = 0, unique_checks = 0");
  for (const schema of SAMPLE_SCHEMAS) await connection.query(`DROP DATABASE IF EXISTS ${schema}`);
  for (const sql of tablesFor(await makerOf(connection))) await connection.query(sql);
  for (const rows of shopRows(randomFrom(size.seed), size.megabytes)) {
    await connection.query('START TRANSACTION');
    await insertRows(connection, rows);
    await connection.query('COMMIT');
  }
  await connection.query('SET foreign_key_checks = 1, unique_checks = 1');
  for (const sql of [...PROGRAMS, ...ORDERS]) await connection.query(sql);
  // The last row says that all others are there.
  await connection.query("INSERT INTO shop.about VALUES ('filled with', ?)", [markOf(size)]);
  return 'filled';
}

const markOf = ({ megabytes, seed }: SampleSize): string => `${megabytes} MB, seed ${seed}`;

async function makerOf(connection: Connection): Promise<Maker> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  return /mariadb/i.test(String(row?.version)) ? 'mariadb' : 'mysql';
}

async function isFilledWith(connection: Connection, size: SampleSize): Promise<boolean> {
  const [tables] = await connection.query<RowDataPacket[]>(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'about'",
  );
  if (tables.length === 0) return false;
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT 1 FROM shop.about WHERE name = 'filled with' AND value = ?",
    [markOf(size)],
  );
  return rows.length === 1;
}
