/** What `npm start` can be told. */
import { parseArgs } from 'node:util';

export const HELP = `Usage: npm start -- [options]

Backs up a real database through the stack that is deployed, served on this machine, restores it to a second,
empty server, compares both exactly, and then goes on serving the API.

  --once                  exit after the comparison; non-zero if anything differs
  --database <address>    mysql://user@host[:port]/schema: your own database instead of the sample shop;
                          it is only read. The password is asked for
  --password-file <file>  where its password stands, instead of asking; mode 0600
  --no-tls                speak to it without TLS; otherwise its certificate is verified
  --tls-ca <file>         the CA that signed its certificate, in PEM
  --port <number>         of the API; 8080, or the next free one
  --data-folder <folder>  where all state is kept, .safebase; give each instance its own
  --size <megabytes>      of the sample shop, 24
  --help                  show this
`;

/** A database of the user's own. */
export interface OwnDatabase {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly schema: string;
  readonly passwordFile?: string;
  readonly tls: 'verify' | 'off';
  readonly caFile?: string;
}

export interface Options {
  readonly once: boolean;
  /** Absent: the sample shop. */
  readonly database?: OwnDatabase;
  /** Absent: 8080, or the next free one. */
  readonly port?: number;
  readonly dataFolder: string;
  readonly sampleMegabytes: number;
}

/** An argument that cannot be understood; `hint` says what would be right. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/**
 * Reads the arguments behind `npm start --`.
 * @throws UsageError
 */
export function readOptions(parameters: readonly string[]): Options | 'help' {
  const given = parse(parameters);
  if (given.help === true) return 'help';
  const database = given.database === undefined ? undefined : databaseFrom(given.database, given);
  if (database === undefined) {
    for (const name of ['password-file', 'tls-ca', 'no-tls'] as const) {
      if (given[name] !== undefined) {
        throw new UsageError(`--${name} belongs to --database`, 'Add --database mysql://user@host/schema.');
      }
    }
  } else if (given.size !== undefined) {
    throw new UsageError('--size is that of the sample shop', 'Leave it out with --database.');
  }
  return {
    once: given.once === true,
    ...(database === undefined ? {} : { database }),
    ...(given.port === undefined ? {} : { port: wholeNumber('--port', given.port, 1, 65_535) }),
    dataFolder: given['data-folder'] ?? '.safebase',
    sampleMegabytes: given.size === undefined ? 24 : wholeNumber('--size', given.size, 1, 10_000),
  };
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        once: { type: 'boolean' },
        database: { type: 'string' },
        'password-file': { type: 'string' },
        'no-tls': { type: 'boolean' },
        'tls-ca': { type: 'string' },
        port: { type: 'string' },
        'data-folder': { type: 'string' },
        size: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new UsageError(first, 'npm start -- --help lists all options.');
  }
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`${option} ${text} is not possible`, `Give a whole number from ${min} to ${max}.`);
}

const FORM = 'The form is mysql://user@host[:port]/schema.';

interface DatabaseOptions {
  readonly 'password-file'?: string | undefined;
  readonly 'no-tls'?: boolean | undefined;
  readonly 'tls-ca'?: string | undefined;
}

function databaseFrom(address: string, given: DatabaseOptions): OwnDatabase {
  const url = URL.parse(address);
  if (url === null || !['mysql:', 'mariadb:'].includes(url.protocol) || url.hostname === '') {
    throw new UsageError('--database is not the address of a database', FORM);
  }
  if (url.password !== '') {
    throw new UsageError(
      'a password must not stand among the arguments, where every user of the machine can read it',
      'Leave it out: it is asked for, or read with --password-file. Change it, it may stand in your shell history.',
    );
  }
  if (url.username === '' || url.search !== '' || url.hash !== '')
    throw new UsageError('--database lacks a user', FORM);
  const schema = decoded(url.pathname.slice(1));
  if (schema === '' || schema.includes('/')) throw new UsageError('--database must name one schema', FORM);
  if (given['no-tls'] === true && given['tls-ca'] !== undefined) {
    throw new UsageError('--no-tls and --tls-ca exclude each other', 'Leave one of them out.');
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decoded(url.username),
    schema,
    tls: given['no-tls'] === true ? 'off' : 'verify',
    ...(given['password-file'] === undefined ? {} : { passwordFile: given['password-file'] }),
    ...(given['tls-ca'] === undefined ? {} : { caFile: given['tls-ca'] }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError('--database has a % that stands for nothing', 'Write % as %25.');
  }
}
