import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMysqlSession, type RowSession } from '../../../../functions/adapters/mysql-session.ts';
import type { Endpoint } from '../../../../functions/engine/connection.ts';
import { loadRows } from '../../../../functions/engine/rows/load-rows.ts';
import { readRows } from '../../../../functions/engine/rows/read-rows.ts';
import { setUpLoading, setUpReading } from '../../../../functions/engine/rows/session-settings.ts';
import { type RowTable, rowStatements } from '../../../../functions/engine/rows/table-rows.ts';
import type { RowsProof } from '../../../../functions/engine/rows/tsv-text.ts';
import { obtainEngine } from '../../../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../../../local/engines/start-server.ts';
import { CORPUS_OPTIONS } from '../../../corpus/load.ts';
import { engineEndpoint } from '../../../fixtures/engine-endpoint.ts';

/** A real server, and a session for each direction. */
export interface RowServer {
  readonly server: RunningServer;
  readonly product: 'mariadb' | 'mysql';
  readonly reader: RowSession;
  readonly loader: RowSession;
  /** For everything else. */
  readonly admin: RowSession;
  /** @param change such as the port, where another way leads to the server @default the administrator, straight */
  open(change?: Partial<Endpoint>): Promise<RowSession>;
  stop(): Promise<void>;
}

const LIMITS = { connectTimeoutMs: 20_000, queryTimeoutMs: 60_000, maxRows: 1e6, maxResultBytes: 1e9 };

/** @param isPlain whether the sessions use no TLS @param given more options of the server */
export async function startRowServer(
  engine: EngineName,
  isPlain = false,
  given: readonly string[] = [],
): Promise<RowServer> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-rows-'));
  const options = [...CORPUS_OPTIONS, '--local-infile=1', ...given];
  const server = await startServer({ engine: await obtainEngine(engine), dataFolder: folder, options });
  const endpoint = engineEndpoint(server);
  const reached = isPlain ? { ...endpoint, tls: { mode: 'off' as const } } : endpoint;
  const open = (change: Partial<Endpoint> = {}) =>
    openMysqlSession({ ...reached, ...change }, endpoint.tls.ca ?? '', LIMITS, undefined, true);
  const [reader, loader, admin] = await Promise.all([open(), open(), open()]);
  await setUpReading(reader.query);
  await setUpLoading(loader.query);
  return {
    server,
    product: server.engine.maker,
    reader,
    loader,
    admin,
    open,
    stop: async () => {
      await Promise.all([reader, loader, admin].map((session) => session.close()));
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const never = (): AbortSignal => new AbortController().signal;

/** The rows of a table, kept in memory. */
export interface KeptRows {
  readonly texts: readonly Buffer[];
  readonly proof: RowsProof;
}

export async function takeRows({ reader, product }: RowServer, table: RowTable): Promise<KeptRows> {
  const { select, columns } = rowStatements(product, table);
  const rows = readRows(reader.converse(select, never()), columns);
  const texts: Buffer[] = [];
  for await (const text of rows.texts) texts.push(Buffer.from(text));
  return { texts, proof: rows.proof() };
}

export async function putRows(
  { loader, product }: RowServer,
  table: RowTable,
  kept: KeptRows,
): Promise<void> {
  async function* texts() {
    yield* kept.texts;
  }
  const { load, mayWarn } = rowStatements(product, table);
  await loadRows(loader.converse(load, never()), texts(), { rows: kept.proof.rows, mayWarn });
}
