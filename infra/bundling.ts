/** How a function becomes one file. Plain facts, so that a test can bundle likewise and look at what went in. */
import { join, resolve } from 'node:path';
import type { FunctionName } from '../functions/config.ts';

const functions = resolve(import.meta.dirname, '../functions');

/** `api-databases` lies in functions/api/databases.ts, all others in functions/jobs/. */
export const entryOf = (name: FunctionName): string =>
  join(functions, name.startsWith('api-') ? `api/${name.slice(4)}.ts` : `jobs/${name}.ts`);

/**
 * The whole of a function in one ES module, its AWS clients included: the run time's own change without us.
 * esbuild needs `require` for CommonJS packages such as mysql2; the alias keeps clear of bundled code that imports
 * `createRequire` itself.
 */
export const BUNDLING = {
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  banner:
    "import { createRequire as createBundleRequire } from 'node:module';const require = createBundleRequire(import.meta.url);",
};
