/** A connection for reading everything of a server as the bytes that it stores. */
import mysql from 'mysql2';

/** Where the server listens and who reads. */
export interface ReadServer {
  readonly host?: string;
  readonly port?: number;
  /** A Unix socket, instead of host and port. */
  readonly socketPath?: string;
  readonly user: string;
  readonly password?: string;
  /** PEM of the CAs to trust; absent speaks plain text. */
  readonly ca?: string;
}

/** A value as the server sent it, without any conversion. */
export type RawValue = Buffer | null;
/** Lower-case column name → value. */
export type RawRow = ReadonlyMap<string, RawValue>;

export interface ReadConnection {
  readonly product: 'mariadb' | 'mysql';
  /** As the server prints it. */
  readonly version: string;
  /** The rows of a small answer. */
  readonly rows: (sql: string, values?: readonly string[]) => Promise<readonly RawRow[]>;
  /**
   * The rows of a large answer, one at a time; must be read to its end before the next question.
   * @throws Error after `close`, and what the server says
   */
  readonly stream: (sql: string) => AsyncIterable<readonly RawValue[]>;
  readonly run: (sql: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every server is told, so that two of them print the same thing in the same way. */
const SESSION = [
  "sql_mode = ''",
  "time_zone = '+00:00'",
  // NULL: strings come as the bytes that are stored, whatever their character set.
  'character_set_results = NULL',
  'sql_quote_show_create = 1',
  'sql_select_limit = DEFAULT',
  'group_concat_max_len = 4294967295',
  'net_write_timeout = 3600',
];

/** The same for variables that only one product or version knows. */
const SESSION_WHERE_KNOWN = [
  'max_statement_time = 0',
  'max_execution_time = 0',
  // MySQL shows AUTO_INCREMENT from a cache that may be a day old.
  'information_schema_stats_expiry = 0',
  'show_create_table_skip_secondary_engine = 0',
  'show_create_table_verbosity = 1',
  'show_gipk_in_create_table_and_information_schema = 1',
];

/** Error 1193: the server has no such variable. */
const UNKNOWN_VARIABLE = 'ER_UNKNOWN_SYSTEM_VARIABLE';

/** Opens a connection and sets it up. The caller closes it. */
export async function connectToRead(server: ReadServer): Promise<ReadConnection> {
  const { ca, ...address } = server;
  const connection = mysql.createConnection({
    ...address,
    ...(ca === undefined ? {} : { ssl: { ca, verifyIdentity: true } }),
    charset: 'utf8mb4',
    typeCast: false,
    rowsAsArray: true,
    connectTimeout: 20_000,
  });
  const read = readerOn(connection);
  await new Promise<void>((resolve, reject) =>
    connection.connect((error) => (error ? reject(error) : resolve())),
  );
  for (const setting of SESSION) await read.run(`SET SESSION ${setting}`);
  for (const setting of SESSION_WHERE_KNOWN) {
    await read.run(`SET SESSION ${setting}`).catch((error: unknown) => {
      if (!hasCode(error, UNKNOWN_VARIABLE)) throw error;
    });
  }
  const [answer] = await read.rows('SELECT VERSION() AS version');
  const version = answer?.get('version')?.toString() ?? '';
  return { ...read, version, product: /mariadb/i.test(version) ? 'mariadb' : 'mysql' };
}

/** Whether an error of the server has this symbolic code. */
export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** Quotes a name for SQL. */
export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

function readerOn(connection: mysql.Connection): Omit<ReadConnection, 'product' | 'version'> {
  let closed = false;
  // Queries hear of a lost connection themselves; without a listener the event would end the process.
  connection.on('error', () => {
    closed = true;
  });
  return {
    rows: (sql, values = []) =>
      new Promise((resolve, reject) => {
        connection.query(sql, [...values], (error, rows, fields) => {
          if (error) reject(error);
          else resolve(named(rows as RawValue[][], fields ?? []));
        });
      }),
    stream: (sql) => {
      // On a closed connection the driver would raise an error that nobody can catch.
      if (closed) throw new Error('the connection for reading is closed');
      return connection.query(sql).stream({ highWaterMark: 1000 }) as AsyncIterable<RawValue[]>;
    },
    run: (sql) =>
      new Promise((resolve, reject) => {
        connection.query(sql, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => {
      closed = true;
      return new Promise((resolve) => connection.end(() => resolve()));
    },
  };
}

const named = (rows: readonly RawValue[][], fields: readonly mysql.FieldPacket[]): RawRow[] =>
  rows.map((row) => new Map(fields.map((field, at) => [field.name.toLowerCase(), row[at] ?? null])));
