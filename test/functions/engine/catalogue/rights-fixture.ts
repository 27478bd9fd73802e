import { type Grants, rightsOf } from '../../../../functions/engine/catalogue/grants.ts';
import { parseGrant } from '../../../../functions/engine/catalogue/parse-grant.ts';
import type { Server } from '../../../../functions/engine/catalogue/server.ts';

/** A server as `readServer` would describe it, but for what a test changes. */
export const serverWith = (change: Partial<Server> & { readonly product?: 'mariadb' | 'mysql' }): Server => {
  const { product = 'mysql', ...rest } = change;
  return {
    info: { product, version: '', support: 'tested', identity: '' },
    version: product === 'mysql' ? { major: 9, minor: 7, patch: 4 } : { major: 11, minor: 8, patch: 6 },
    privileges: new Set(
      product === 'mysql'
        ? ['SHOW_ROUTINE', 'SET_ANY_DEFINER', 'ALLOW_NONEXISTENT_DEFINER', 'SYSTEM_USER', 'SUPER']
        : ['SHOW CREATE ROUTINE', 'SET USER', 'SUPER'],
    ),
    sqlMode: '',
    maxAllowedPacketBytes: 64 * 1024 * 1024,
    lowerCaseTableNames: 0,
    binaryLog: false,
    trustsFunctionCreators: false,
    eventScheduler: false,
    readOnly: false,
    literalGrantNames: false,
    insertsHistory: product === 'mariadb',
    ...rest,
  };
};

/** What lines of SHOW GRANTS give to the account `u`@`h`. */
export const grantsOf = (lines: readonly string[], server = serverWith({})): Grants =>
  rightsOf(
    lines.flatMap((line) => parseGrant(line) ?? []),
    { user: 'u', host: 'h' },
    server,
  );
