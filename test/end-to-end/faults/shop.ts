/** The schema that is backed up and restored, small as it is: each call that fails costs a run. */
import { connectToRead } from '../../../local/compare/connect.ts';
import { readServerContent } from '../../../local/compare/read-content.ts';
import type { RunningServer } from '../../../local/engines/start-server.ts';
import { randomFrom } from '../../../local/sample/random.ts';

/** A little of everything that is dumped and loaded in ways of its own. */
export async function fillShop(server: RunningServer, schema: string): Promise<void> {
  const connection = await server.connect();
  const random = randomFrom(20_261_123);
  for (const statement of [`CREATE DATABASE ${schema}`, `USE ${schema}`, ...OBJECTS])
    await connection.query(statement);
  for (let id = 0; id < 20; id += 1) {
    await connection.query('INSERT INTO orders VALUES (?, ?, ?)', [
      id,
      `déjà vu ${id}`,
      random.bytes(20_000),
    ]);
    await connection.query('INSERT INTO changes VALUES (?, ?)', [id % 3, 'señor, twice the same']);
  }
  await connection.query('CREATE TRIGGER noted AFTER UPDATE ON orders FOR EACH ROW DELETE FROM changes');
  await connection.end();
}

/** Not in ASCII alone: a program that could not set its character set must not be believed. */
const OBJECTS = [
  'CREATE TABLE orders (id INT PRIMARY KEY, note TEXT, picture MEDIUMBLOB)',
  "CREATE TABLE changes (id INT, text VARCHAR(100) CHARACTER SET latin1) COMMENT 'été'",
  "CREATE VIEW notes AS SELECT id, note, 'Österreich' AS origin FROM orders",
  "CREATE PROCEDURE count_orders() SELECT 'naïve', COUNT(*) FROM orders",
  "CREATE EVENT later ON SCHEDULE AT '2037-01-01' COMMENT 'à la fin' DO DELETE FROM changes",
];

export async function readShop(server: RunningServer, schema: string) {
  const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
  try {
    return await readServerContent(connection, [schema]);
  } finally {
    await connection.close();
  }
}
