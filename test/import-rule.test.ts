import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

interface Rule {
  readonly name: string;
}
interface Violation {
  readonly rule: Rule;
  readonly from: string;
}

const root = resolve(import.meta.dirname, '..');
const rules: readonly Rule[] = createRequire(import.meta.url)('../.dependency-cruiser.cjs').forbidden;

/** One planted file for each rule: where it lies, and what it imports against the rule. */
const PLANTED: Readonly<Record<string, readonly [file: string, imports: string]>> = {
  'errors-import-nothing': ['functions/errors.ts', 'zod'],
  'config-imports-zod-only': ['functions/config.ts', './core/noun.ts'],
  'routes-and-contract-import-zod-only': ['functions/contract/requests.ts', '../core/noun.ts'],
  'contract-is-read-through-routes': ['test/answers.ts', '../functions/contract/words.ts'],
  'engine-knows-errors-only': ['functions/engine/bytes.ts', '../core/noun.ts'],
  'core-knows-engine-and-errors-only': ['functions/core/rule.ts', '../adapters/s3-store.ts'],
  'core-and-engine-know-no-aws-and-no-driver': ['functions/core/driver.ts', 'mysql2'],
  'adapters-know-core-engine-errors-only': ['functions/adapters/kms-hash.ts', '../config.ts'],
  'adapters-never-import-one-another': ['functions/adapters/dynamodb-runs.ts', './s3-store.ts'],
  'middleware-knows-core-and-errors-only': ['functions/middleware/http.ts', '../adapters/s3-store.ts'],
  'services-wire-ports-to-adapters': ['functions/services.ts', './middleware/job.ts'],
  'api-and-jobs-are-thin': ['functions/api/backups.ts', '../adapters/s3-store.ts'],
  'infra-reads-routes-config-errors-only': ['infra/stack.ts', '../functions/core/noun.ts'],
  'local-uses-bundles-only': ['local/cloud.ts', '../functions/core/noun.ts'],
  'layers-stand-alone': ['layers/build.ts', '../functions/core/noun.ts'],
  'nothing-imports-test': ['local/main.ts', '../test/fixture.ts'],
  'deployed-code-ships-with-its-packages': ['functions/adapters/local-table.ts', 'jest'],
  'no-cycles': ['functions/core/circle-back.ts', './circle.ts'],
};
const INNOCENT: Readonly<Record<string, string>> = {
  'functions/contract/words.ts': '',
  'functions/core/noun.ts': '',
  'functions/core/circle.ts': "import './circle-back.ts';",
  'functions/adapters/s3-store.ts': '',
  'functions/middleware/job.ts': '',
  'test/fixture.ts': '',
};

let folder: string;
let violations: readonly Violation[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safebase-import-rule-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    copyFileSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\nexport {};\n`);
  };
  for (const [file, text] of Object.entries(INNOCENT)) write(file, text);
  for (const [file, imports] of Object.values(PLANTED)) write(file, `import '${imports}';`);
  const cruise = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...['--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
      ...['functions', 'infra', 'local', 'layers', 'test'],
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (cruise.stdout === '') throw new Error(cruise.stderr);
  violations = JSON.parse(cruise.stdout).summary.violations;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the import rule', () => {
  it('has a planted violation for every rule', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(rules.map((rule) => rule.name).sort());
  });

  it.each(Object.entries(PLANTED))('%s is found where it is broken', (name, [file]) => {
    expect(violations.filter((violation) => violation.rule.name === name).map(({ from }) => from)).toContain(
      file,
    );
  });
});
