/** Writes rows in batches of about a megabyte; the next batch is made while the server takes the one before. */
import type { Connection } from 'mysql2/promise';
import type { Row, TableRows, Value } from './rows.ts';

const BATCH_CHARACTERS = 1_000_000;

/** Inserts all rows of a table. */
export async function insertRows(connection: Connection, { table, columns, rows }: TableRows): Promise<void> {
  const head = `INSERT INTO ${table} (${columns.join(',')}) VALUES `;
  let sending: Promise<unknown> = Promise.resolve();
  for (const batch of batchesOf(rows)) {
    await sending;
    sending = connection.query(head + batch);
  }
  await sending;
}

function* batchesOf(rows: Iterable<Row>): Generator<string> {
  let texts: string[] = [];
  let characters = 0;
  for (const row of rows) {
    const text = `(${row.map(literal).join(',')})`;
    texts.push(text);
    characters += text.length;
    if (characters < BATCH_CHARACTERS) continue;
    yield texts.join(',');
    texts = [];
    characters = 0;
  }
  if (texts.length > 0) yield texts.join(',');
}

function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&')}'`;
  return Buffer.isBuffer(value) ? `x'${value.toString('hex')}'` : value.sql;
}
