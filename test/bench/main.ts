/** `npm run bench -- NAME [skew|mix] [MEGABYTES] [--full]`: measures against the tools that one would use by hand. The last line is JSON. */
import { prepare } from '../../local/set-up/prepare.ts';
import type { BenchWish } from './compared.ts';
import { benchDump } from './dump.ts';
import { benchMemory } from './memory.ts';
import { isProfile } from './profiles.ts';
import { benchRestore } from './restore.ts';
import { benchSql } from './sql.ts';
import { benchWarm } from './warm.ts';

const BENCHES: Readonly<Record<string, (wish: BenchWish) => Promise<void>>> = {
  dump: benchDump,
  memory: benchMemory,
  restore: benchRestore,
  sql: benchSql,
  warm: benchWarm,
};

const [name = '', ...parameters] = process.argv.slice(2);
const profile = parameters.find(isProfile);
const megabytes = parameters.map(Number).find((value) => value > 0);
const bench = BENCHES[name];
if (bench) {
  await prepare({ parts: ['layer', 'mariadb-11.8'] });
  await bench({
    full: parameters.includes('--full'),
    ...(profile && { profile }),
    ...(megabytes && { megabytes }),
  });
} else {
  console.error(`There is no bench ${name}. Name one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
}
