import type { EngineName } from '../../local/engines/packages.ts';

/**
 * The servers of tests over the whole way: MariaDB 10.11 runs with `--full`, and always where the engine and the core are
 * tested by themselves.
 */
export const END_TO_END_ENGINES: readonly EngineName[] =
  process.env.SAFEBASE_FULL === '1'
    ? ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
    : ['mariadb-11.8', 'mysql-9.7'];
