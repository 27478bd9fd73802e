/** A worker that reads all rows of a schema into compressed, hashed files. Input and result as JSON. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { openMysqlSession } from '../../functions/adapters/mysql-session.ts';
import type { Endpoint } from '../../functions/engine/connection.ts';
import { readRowTables } from '../../functions/engine/rows/read-row-tables.ts';
import { readRows } from '../../functions/engine/rows/read-rows.ts';
import { setUpReading } from '../../functions/engine/rows/session-settings.ts';
import { type RowTable, rowStatements } from '../../functions/engine/rows/table-rows.ts';
import { compressFrames } from '../../functions/engine/zstd-frames.ts';

interface Piece {
  readonly table: RowTable;
  readonly condition: string;
}

const { endpoint, schema, lanes, folder, zstdLevel } = (await json(process.stdin)) as {
  endpoint: Endpoint;
  schema: string;
  lanes: number;
  folder: string;
  zstdLevel: number;
};
const startedAt = performance.now();
const LIMITS = { connectTimeoutMs: 10_000, queryTimeoutMs: 60_000, maxRows: 100_000, maxResultBytes: 1e8 };
const sessions = await Promise.all(
  Array.from({ length: lanes }, () => openMysqlSession(endpoint, '', LIMITS)),
);
const pieces: Piece[] = [];
const [first] = sessions;
if (first === undefined) throw new Error('no lane');
for (const table of await readRowTables(first.query, schema)) {
  const [{ top = null } = {}] = await first.query(`SELECT MAX(id) AS top FROM ${schema}.${table.name}`);
  const step = Math.ceil(Number(top) / 8);
  for (let at = 0; at < 8; at += 1) {
    const condition = `id > ${at * step} AND id <= ${(at + 1) * step}`;
    pieces.push({ table, condition });
  }
}
let [rows, bytes, storedBytes] = [0, 0, 0];
await Promise.all(
  sessions.map(async (session, lane) => {
    await setUpReading(session.query);
    await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    const file = await open(join(folder, `lane-${lane}.zst`), 'w');
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      const { select, columns } = rowStatements('mariadb', piece.table, piece.condition);
      const read = readRows(session.converse(select, new AbortController().signal), columns);
      const hash = createHash('sha256');
      for await (const frame of compressFrames(read.texts, zstdLevel)) {
        hash.update(frame);
        storedBytes += frame.length;
        await file.write(frame);
      }
      hash.digest();
      rows += read.proof().rows;
      bytes += read.proof().bytes;
    }
    await file.close();
    await session.close();
  }),
);
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ rows, bytes, storedBytes, seconds }));
