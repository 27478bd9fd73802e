import { corpusFor } from './load.ts';

// That each of them loads, and comes back, is shown end to end.
it.each([
  ['mariadb-10.11', 46],
  ['mariadb-11.8', 47],
  ['mysql-9.7', 43],
] as const)('the corpus for %s is all there', (engine, files) => {
  expect(corpusFor(engine)).toHaveLength(files);
});
