/** The engines that SafeBase is tested with, as packages of Debian. */
import type { Suite } from '../../layers/debian-repository.ts';

export type Maker = 'mariadb' | 'mysql';

export interface EngineSource {
  readonly title: string;
  readonly maker: Maker;
  readonly suite: Suite;
  /** Packages that are unpacked together with the libraries they need. */
  readonly roots: readonly string[];
  /** Packages of which only programs and plugins are wanted, without what else they need. */
  readonly extra: readonly string[];
}

/** Debian's sid moves: `mysql-9.7` is the innovation series of MySQL that it holds today. */
export const ENGINE_SOURCES = {
  'mariadb-10.11': {
    title: 'MariaDB 10.11',
    maker: 'mariadb',
    suite: 'bookworm',
    roots: ['mariadb-server-core', 'mariadb-client-core'],
    extra: ['mariadb-client', 'mariadb-server', 'libmariadb3'],
  },
  'mariadb-11.8': {
    title: 'MariaDB 11.8',
    maker: 'mariadb',
    suite: 'trixie',
    // mariadb-dump links libpcre2-posix3, which the package of its core does not name.
    roots: ['mariadb-server-core', 'mariadb-client-core', 'libpcre2-posix3'],
    extra: ['mariadb-client', 'mariadb-server', 'libmariadb3'],
  },
  'mysql-9.7': {
    title: 'MySQL 9.7',
    maker: 'mysql',
    suite: 'sid',
    roots: ['mysql-server-core', 'mysql-client-core'],
    extra: ['mysql-client'],
  },
} as const satisfies Record<string, EngineSource>;

export type EngineName = keyof typeof ENGINE_SOURCES;

/** Needed by scripts, documentation or programs that are never started here. */
export const UNWANTED_PACKAGES =
  /^(perl|libperl|libdb5|libgdbm|gcc-|debconf|cdebconf|libelogind|libc-gconv|openssl-provider|.*-common$)/;

/** The programs that are kept; the packages bring dozens more of 5 MB each. */
export const KEPT_PROGRAMS: Record<Maker, readonly string[]> = {
  mariadb: ['mariadb', 'mariadb-dump'],
  mysql: ['mysql', 'mysqldump'],
};

/** Folders of a package that no program reads at run time. */
export const UNWANTED_FOLDERS = [
  'etc',
  'var',
  'usr/lib/debug',
  'usr/share/doc',
  'usr/share/gcc',
  'usr/share/gdb',
  'usr/share/lintian',
  'usr/share/locale',
  'usr/share/man',
  'usr/share/perl5',
];
