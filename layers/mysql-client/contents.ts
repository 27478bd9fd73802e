/** What the layer holds: programs and plugins of each maker, and the Debian packages they come from. */
import type { DebianArchitecture, Suite } from '../debian-repository.ts';

/** AWS's words for the processors of Lambda. */
export type LayerArchitecture = 'x86_64' | 'arm64';

export type Maker = 'mariadb' | 'mysql';

interface ClientContents {
  readonly suite: Suite;
  /** The package whose version is that of the programs. */
  readonly programPackage: string;
  /** Packages that are looked through, with every library they need. */
  readonly packages: readonly string[];
  /** Paths in the packages; `TRIPLET` stands for Debian's name of the architecture's library folder. */
  readonly bin: readonly string[];
  readonly plugin: readonly string[];
  /** Libraries that no program names; those that one names are found by reading it. */
  readonly lib: readonly string[];
}

/**
 * Preloaded, it gives a program's output a buffer of `_STDBUF_O` bytes instead of the C library's 4 KiB. Each maker has
 * the one that was built for its C library.
 * @see https://www.gnu.org/software/coreutils/manual/html_node/stdbuf-invocation.html
 */
const OUTPUT_BUFFER = { package: 'coreutils', library: 'usr/libexec/coreutils/libstdbuf.so' };

/**
 * Each maker's own client for its own servers: MariaDB's dump tool loses generated columns of MySQL, and
 * MySQL's silently leaves out sequences and packages of MariaDB. Plugins that hand the password over in
 * clear when a server asks for it (mysql_clear_password, dialog) are left out on purpose.
 */
export const CONTENTS: Record<Maker, ClientContents> = {
  mariadb: {
    suite: 'trixie',
    programPackage: 'mariadb-client',
    packages: ['mariadb-client-core', 'mariadb-client', 'libmariadb3', OUTPUT_BUFFER.package],
    bin: ['usr/bin/mariadb', 'usr/bin/mariadb-dump'],
    plugin: [
      'usr/lib/TRIPLET/libmariadb3/plugin/caching_sha2_password.so',
      'usr/lib/TRIPLET/libmariadb3/plugin/client_ed25519.so',
      'usr/lib/TRIPLET/libmariadb3/plugin/parsec.so',
      'usr/lib/TRIPLET/libmariadb3/plugin/sha256_password.so',
    ],
    lib: [OUTPUT_BUFFER.library],
  },
  mysql: {
    suite: 'sid',
    programPackage: 'mysql-client',
    packages: ['mysql-client-core', 'mysql-client', OUTPUT_BUFFER.package],
    bin: ['usr/bin/mysql', 'usr/bin/mysqldump'],
    // caching_sha2_password is inside the programs.
    plugin: ['usr/lib/mysql/plugin/mysql_native_password.so'],
    lib: [OUTPUT_BUFFER.library],
  },
};

/** Public certificate authorities come from here. */
export const CERTIFICATES = { suite: 'trixie', package: 'ca-certificates' } as const;

/** Dependencies of scripts or furniture: nothing in them is linked by a program of ours. */
export const UNWANTED_PACKAGES =
  /^(perl|libperl|lib[a-z0-9-]*-perl|libdb5|libgdbm|debconf|cdebconf|libelogind|libc-gconv|openssl-provider|.*-common$)/;

interface ArchitectureNames {
  readonly debian: DebianArchitecture;
  readonly triplet: string;
  readonly loader: string;
}

export const ARCHITECTURES: Record<LayerArchitecture, ArchitectureNames> = {
  x86_64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** The layer may hold this much unzipped: what Lambda allows a function with all its layers is 250 MB. */
export const SIZE_LIMIT_BYTES = 90_000_000;
