/** What is deployed as code: the bundles of a real synthesis. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { FUNCTION_SETTINGS, type FunctionName } from '../../functions/config.ts';
import { BUNDLING, entryOf } from '../../infra/bundling.ts';
import { CACHE_FOLDER } from '../../layers/cache.ts';
import { endOfProgram } from '../../layers/run-program.ts';
import { synthesize } from '../../local/synthesize.ts';
import { readStack } from '../../local/template/model.ts';

const MEGABYTE = 1_000_000;

/** What costs a cold start time, and the functions that use it. */
const CLIENTS: Readonly<Record<string, readonly FunctionName[]>> = {
  '@aws-sdk/client-dynamodb': [
    ...(['api-databases', 'api-backups', 'api-restores', 'backup', 'restore'] as const),
    ...(['probe', 'expire', 'dispatch', 'admin-token', 'sign', 'reindex', 'sweep'] as const),
    ...(['workflow', 'verify'] as const),
  ],
  '@aws-sdk/client-kms': ['api-databases', 'api-backups', 'api-restores', 'admin-token', 'sign', 'reindex'],
  '@aws-sdk/client-lambda': [
    ...(['api-databases', 'api-backups', 'api-restores', 'dispatch', 'workflow', 'sweep'] as const),
  ],
  '@aws/durable-execution-sdk-js': ['workflow'],
  '@aws-sdk/client-s3': [
    'api-backups',
    'backup',
    'restore',
    'expire',
    'workflow',
    'admin-token',
    'sign',
    'reindex',
    'sweep',
    'verify',
  ],
  '@aws-sdk/s3-request-presigner': ['api-backups'],
  '@aws-sdk/client-secrets-manager': ['api-databases', 'backup', 'restore', 'probe'],
  mysql2: ['backup', 'restore', 'probe'],
};

/** Function → its bundle in the assembly. */
let bundles: Map<string, string>;
beforeAll(async () => {
  const folder = join(CACHE_FOLDER, 'assembly');
  await synthesize({ folder });
  bundles = new Map(
    readStack(folder).functions.map(({ id, codeFolder }) => [
      id.replace(/-public$/, ''),
      join(codeFolder, 'index.mjs'),
    ]),
  );
}, 120_000);

const bundleOf = (name: string): string => {
  const file = bundles.get(name);
  if (file === undefined) throw new Error(`no bundle of ${name} in the assembly`);
  return file;
};

/** The packages with bytes in a bundle that is made like, and proved to be the same as, the deployed one. */
async function packagesIn(name: FunctionName): Promise<Set<string>> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entryOf(name)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: BUNDLING.target,
    mainFields: BUNDLING.mainFields,
    minify: BUNDLING.minify,
    banner: { js: BUNDLING.banner },
    metafile: true,
    write: false,
    outfile: 'index.mjs',
  });
  expect(outputFiles[0]?.text).toBe(readFileSync(bundleOf(name), 'utf8'));
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return new Set(
    inputs
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'safebase'),
  );
}

/** Bundling takes a second on a machine that does nothing else. */
const TEST_MS = 60_000;
const NAMES = Object.keys(FUNCTION_SETTINGS) as FunctionName[];

describe.each(NAMES)('the bundle of %s', (name) => {
  it(
    'carries the clients that it uses, and no other',
    async () => {
      const packages = await packagesIn(name);
      expect(packages).toContain('safebase');
      expect(Object.keys(CLIENTS).filter((client) => packages.has(client))).toEqual(
        Object.keys(CLIENTS).filter((client) => CLIENTS[client]?.includes(name)),
      );
    },
    TEST_MS,
  );

  it(
    'loads, and refuses to start without its settings',
    async () => {
      // Node shows the line that threw, which is the whole bundle; the message alone is what matters.
      const program = `import(${JSON.stringify(bundleOf(name))}).then(
      ({ handler }) => console.log(typeof handler),
      ({ message }) => console.error(message),
    )`;
      const end = await endOfProgram({
        command: process.execPath,
        arguments: ['--input-type=module', '--eval', program],
        environment: { AWS_REGION: 'eu-central-1' },
      });
      if (FUNCTION_SETTINGS[name].length === 0)
        expect(end).toMatchObject({ exitCode: 0, output: 'function\n' });
      else expect(end.errorOutput).toContain(`settings of function ${name}`);
    },
    TEST_MS,
  );
});

it.each(NAMES.filter((name) => name.startsWith('api-')))('%s is smaller than 1 MB', (name) => {
  expect(readFileSync(bundleOf(name)).length).toBeLessThan(MEGABYTE);
});

it(
  'api-health carries no AWS client at all',
  async () => {
    expect([...(await packagesIn('api-health'))].filter((name) => /^@(aws-sdk|smithy)/.test(name))).toEqual(
      [],
    );
  },
  TEST_MS,
);
