/** `npm run bench -- NAME [--full]`: measures against the tools that one would use by hand. The last line is JSON. */
import { prepare } from '../../local/set-up/prepare.ts';
import { benchRows } from './rows.ts';
import { benchSql } from './sql.ts';
import { benchWarm } from './warm.ts';

const BENCHES: Readonly<Record<string, (full: boolean) => Promise<void>>> = {
  rows: benchRows,
  sql: benchSql,
  warm: benchWarm,
};

const [name = ''] = process.argv.slice(2).filter((parameter) => parameter !== '--full');
const bench = BENCHES[name];
if (bench) {
  await prepare({ parts: ['layer', 'mariadb-11.8'] });
  await bench(process.argv.includes('--full'));
} else {
  console.error(`There is no bench ${name}. Name one of: ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
}
