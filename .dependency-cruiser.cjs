// Who may import whom. Every rule says what to do instead; test/import-rule.test.ts plants a violation of each.
const OURS = '^(infra|functions|layers|local|console|test)/';
const AWS_OR_DRIVER = 'node_modules/(@aws-sdk|@smithy|mysql2|@middy|aws-cdk-lib)/';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    forbid(
      'errors-import-nothing',
      'The errors stand under everything: pass what they need as an argument.',
      { path: '^functions/(errors\\.ts$|error-codes)' },
      { path: '.', pathNot: '^functions/error-codes' },
    ),
    forbid(
      'config-imports-zod-only',
      'The settings are plain facts: move logic into core.',
      { path: '^functions/config\\.ts$' },
      { path: '.', pathNot: 'node_modules/zod/' },
    ),
    forbid(
      'routes-and-contract-import-zod-only',
      'The API is plain facts, its shapes lie in functions/contract: move logic into core.',
      { path: '^functions/(routes\\.ts$|contract/)' },
      { path: '.', pathNot: '(node_modules/zod/|^functions/contract/)' },
    ),
    forbid(
      'contract-is-read-through-routes',
      'A shape counts for the route that names it: read it from ROUTES.',
      { path: OURS, pathNot: '^functions/(routes\\.ts$|contract/)' },
      { path: '^functions/contract/' },
    ),
    forbid(
      'engine-knows-errors-only',
      'The engine moves bytes: give it streams, functions and values as arguments.',
      { path: '^functions/engine/' },
      { path: OURS, pathNot: '^functions/(engine/|errors\\.ts$)' },
    ),
    forbid(
      'core-knows-engine-and-errors-only',
      'Core decides, edges act: add a port to core/ports.ts and an adapter for it.',
      { path: '^functions/core/' },
      { path: OURS, pathNot: '^functions/(core/|engine/|errors\\.ts$)' },
    ),
    forbid(
      'core-and-engine-know-no-aws-and-no-driver',
      'Add a port to core/ports.ts; the package belongs into its adapter.',
      { path: '^functions/(core|engine)/' },
      { path: AWS_OR_DRIVER },
    ),
    forbid(
      'adapters-know-core-engine-errors-only',
      'An adapter fulfils one port: what it needs besides comes as an argument from services.ts.',
      { path: '^functions/adapters/' },
      { path: OURS, pathNot: '^functions/(adapters/|core/|engine/|errors\\.ts$)' },
    ),
    forbid(
      'adapters-never-import-one-another',
      'Adapters of one technology (the word before the first dash) may share; others meet in services.ts.',
      { path: '^functions/adapters/([a-z0-9]+)-' },
      { path: '^functions/adapters/', pathNot: '^functions/adapters/$1-' },
    ),
    forbid(
      'middleware-knows-core-and-errors-only',
      'Middleware gets its ports as arguments from the api or job file.',
      { path: '^functions/middleware/' },
      { path: OURS, pathNot: '^functions/(middleware/|core/|errors\\.ts$|routes\\.ts$)' },
    ),
    forbid(
      'services-wire-ports-to-adapters',
      'services.ts makes adapters; what uses them lies in api, jobs or core.',
      { path: '^functions/services\\.ts$' },
      { path: OURS, pathNot: '^functions/(adapters/|core/|engine/|config\\.ts$|errors\\.ts$)' },
    ),
    forbid(
      'api-and-jobs-are-thin',
      'Parse, one core call, answer: move the rule into core, the call to the outside into an adapter.',
      { path: '^functions/(api|jobs)/' },
      {
        path: OURS,
        pathNot: '^functions/(core/|middleware/|services\\.ts$|errors\\.ts$|routes\\.ts$|config\\.ts$)',
      },
    ),
    forbid(
      'infra-reads-routes-config-errors-only',
      'Deploy-time code reads the facts of the functions, never their code.',
      { path: '^infra/' },
      { path: OURS, pathNot: '^(infra/|layers/|functions/(routes|config|errors)\\.ts$)' },
    ),
    forbid(
      'local-uses-bundles-only',
      'The laptop runs what is deployed: go over HTTP or the synthesized bundles.',
      { path: '^local/' },
      { path: OURS, pathNot: '^(local|layers)/' },
    ),
    forbid(
      'layers-stand-alone',
      'Packaging knows nothing of the service.',
      { path: '^layers/' },
      { path: OURS, pathNot: '^layers/' },
    ),
    forbid(
      'nothing-imports-test',
      'Move what both need to where the code runs.',
      { pathNot: '^test/' },
      { path: '^test/' },
    ),
    forbid(
      'deployed-code-ships-with-its-packages',
      'Put the package under dependencies, with its reason in docs/dependencies.md.',
      { path: '^functions/' },
      {
        dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '@types/',
      },
    ),
    forbid('no-cycles', 'Move what both need into a third file.', {}, { circular: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(cdk\\.out|\\.cache|\\.safebase)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      conditionNames: ['import', 'node', 'types', 'default'],
      exportsFields: ['exports'],
    },
  },
};
