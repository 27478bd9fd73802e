/** `npm run permissions [-- --check]`: writes what every role may do into infra/permissions.txt, for review; or compares. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAsProgram } from '../layers/run-as-program.ts';
import { SetUpError } from '../layers/set-up-error.ts';
import { buildApp } from './build-app.ts';
import { permissionLines } from './permission-lines.ts';

const LIST = join(import.meta.dirname, 'permissions.txt');
const HEADING = `# What every role may do: role, action, resource, conditions. Made by npm run permissions from a stack with
# the network profiles public and office (a VPC) and secrets of the user's own. Review each changed line.
`;

/** Every kind of network and every setting that grants. */
const CONTEXT = {
  stage: 'review',
  networks: {
    public: {},
    office: {
      vpc: {
        vpcId: 'vpc-0a1b2c3d4e5f67890',
        subnetIds: ['subnet-0a1b2c3d4e5f67890'],
        securityGroupIds: ['sg-0a1b2c3d4e5f67890'],
        gatewayEndpoints: 'existing',
        secretsAccess: 'nat',
      },
    },
  },
  secretArns: ['arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!*'],
  secretKeyArns: ['arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789'],
  'aws:cdk:enable-path-metadata': true,
  // Code and layer grant nothing.
  'aws:cdk:bundling-stacks': [],
};

await runAsProgram(import.meta, async ([mode]) => {
  const list = `${HEADING}\n${grantedLines().join('\n')}\n`;
  if (mode !== '--check') return writeFileSync(LIST, list);
  const reviewed = new Set(readFileSync(LIST, 'utf8').split('\n'));
  const present = new Set(list.split('\n'));
  const changes = [
    ...[...present].filter((line) => !reviewed.has(line)).map((line) => `+ ${line}`),
    ...[...reviewed].filter((line) => !present.has(line)).map((line) => `- ${line}`),
  ];
  if (changes.length === 0) return;
  throw new SetUpError(`the stack grants otherwise than infra/permissions.txt says\n${changes.join('\n')}`, {
    hint: 'If that is meant, run npm run permissions and commit the list.',
  });
});

function grantedLines(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-permissions-'));
  try {
    const app = buildApp({
      context: CONTEXT,
      outdir: folder,
      layerOf: (architecture) => ({
        architecture,
        folder: import.meta.dirname,
        built: true,
        drift: [],
        buildCommand: '',
      }),
    });
    const [stack] = app.synth().stacks;
    return permissionLines(stack?.template);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
