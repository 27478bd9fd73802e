import { isCode } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** Where in the server's binary log an instant lies: from there on a restored copy can be carried forward. */
export interface BinlogPosition {
  readonly file: string;
  readonly position: number;
  /** All transactions until then, as the server writes them; absent where it counts none. */
  readonly gtid?: string;
}

/**
 * The place of a MariaDB session's own consistent snapshot, which takes no right and no lock to know.
 * @returns none where the binary log is off
 */
export async function readSnapshotPosition(query: Query): Promise<BinlogPosition | undefined> {
  const rows = await query("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'");
  const told = new Map(rows.map((row) => [row.variable_name?.toLowerCase(), row.value ?? '']));
  const file = told.get('binlog_snapshot_file') ?? '';
  if (file === '') return undefined;
  const position = Number(told.get('binlog_snapshot_position'));
  const [counted] = await query('SELECT BINLOG_GTID_POS(?, ?) AS gtid', [file, position]);
  return { file, position, ...(counted?.gtid ? { gtid: counted.gtid } : {}) };
}

/**
 * The end of a MySQL server's binary log, which says something only while nobody can write.
 * @returns none where the binary log is off, or the account may not know
 */
export async function readStatusPosition(query: Query): Promise<BinlogPosition | undefined> {
  const [row] = await shown(query, 'SHOW BINARY LOG STATUS').catch((error: unknown) => {
    if (isCode(error, 'query_failed') && error.details.errno === SYNTAX)
      return shown(query, 'SHOW MASTER STATUS');
    throw error;
  });
  if (!row?.file) return undefined;
  const gtid = (row.executed_gtid_set ?? '').replaceAll('\n', '');
  return { file: row.file, position: Number(row.position), ...(gtid === '' ? {} : { gtid }) };
}

/** The older statement is the only one before MySQL 8.2. */
const SYNTAX = 1064;

const shown = (query: Query, statement: string) =>
  query(statement).catch((error: unknown) => {
    if (isCode(error, 'insufficient_privileges')) return [];
    throw error;
  });
