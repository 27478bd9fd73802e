/** Everything that tests need besides npm packages, obtained into the cache. */
import { prepare } from '../local/set-up/prepare.ts';
import { obtainPrograms } from './fixtures/debian-programs.ts';
import { HAND_PROGRAMS } from './fixtures/hand-programs.ts';

/** For `npm run check`: the synthesis wants the layer. */
export const prepareChecks = async (): Promise<void> => {
  await prepare({ parts: ['layer'] });
};

/** For `npm test`: real servers of every kind as well. */
export const prepareTests = async (): Promise<void> => {
  await prepare({ parts: ['layer', 'mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] });
  await obtainPrograms('by-hand', HAND_PROGRAMS);
};
