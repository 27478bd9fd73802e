import type { ServerInfo } from '../contents.ts';

/** One packet may hold one row: the largest that the protocol knows. */
const MAX_PACKET = '--max-allowed-packet=1G';

/** What the choice of flags depends on: features of this server and schema, never version numbers. */
interface DumpFeatures {
  readonly schema: string;
  readonly ignoredViews: readonly string[];
  readonly history: boolean;
  readonly events: boolean;
  readonly columnStatistics: boolean;
  /** False for a dump of definitions alone. */
  readonly rows: boolean;
}

/** The programs of one maker, in the layer's folder `<root>/<folder>`. */
export interface ClientPrograms {
  readonly folder: 'mariadb' | 'mysql';
  readonly dump: 'mariadb-dump' | 'mysqldump';
  readonly load: 'mariadb' | 'mysql';
  /** @param caFile the PEM file to trust; absent means that TLS is off */
  tlsFlags(caFile?: string): readonly string[];
  dumpFlags(features: DumpFeatures): readonly string[];
  readonly loadFlags: readonly string[];
}

/** No `--databases`: then a dump has no CREATE DATABASE and no USE, and cannot go elsewhere. */
const dumpFlags = (features: DumpFeatures, own: readonly string[]): string[] => [
  '--single-transaction',
  '--quick',
  '--routines',
  '--triggers',
  ...(features.events ? ['--events'] : []),
  ...(features.rows ? [] : ['--no-data']),
  '--hex-blob',
  // With locks around its rows, a load needs the right LOCK TABLES, and stops where a column default reads a sequence
  // (1100).
  '--skip-add-locks',
  '--default-character-set=utf8mb4',
  MAX_PACKET,
  ...own,
  ...features.ignoredViews.map((view) => `--ignore-table=${features.schema}.${view}`),
  '--',
  features.schema,
];

const LOAD_FLAGS = [
  '--batch',
  '--binary-mode',
  '--skip-reconnect',
  '--skip-local-infile',
  '--default-character-set=utf8mb4',
  MAX_PACKET,
];

/**
 * Each maker's own programs for its servers: crosswise, values of generated columns, sequences and history are lost
 * while the exit code is 0. These flags carry all that format `sql` can carry.
 * @see https://dev.mysql.com/doc/refman/9.7/en/mysqldump.html
 * @see https://mariadb.com/docs/server/clients-and-utilities/backup-restore-and-import-clients/mariadb-dump
 */
export const CLIENT_PROGRAMS: Readonly<Record<ServerInfo['product'], ClientPrograms>> = {
  mariadb: {
    folder: 'mariadb',
    dump: 'mariadb-dump',
    load: 'mariadb',
    tlsFlags: (caFile) =>
      caFile === undefined ? ['--skip-ssl'] : ['--ssl', `--ssl-ca=${caFile}`, '--ssl-verify-server-cert'],
    dumpFlags: (features) => dumpFlags(features, [...(features.history ? ['--dump-history'] : [])]),
    loadFlags: [...LOAD_FLAGS, '--sandbox'],
  },
  mysql: {
    folder: 'mysql',
    dump: 'mysqldump',
    load: 'mysql',
    tlsFlags: (caFile) =>
      caFile === undefined
        ? // Without TLS, caching_sha2_password encrypts the password with the server's key.
          ['--ssl-mode=DISABLED', '--get-server-public-key']
        : ['--ssl-mode=VERIFY_IDENTITY', `--ssl-ca=${caFile}`],
    dumpFlags: (features) =>
      dumpFlags(features, [
        '--set-gtid-purged=OFF',
        '--no-tablespaces',
        '--skip-masking-policies',
        ...(features.columnStatistics ? ['--column-statistics'] : []),
      ]),
    loadFlags: [...LOAD_FLAGS, '--skip-commands', '--skip-system-command'],
  },
};
