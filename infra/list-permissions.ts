/** `npm run permissions [-- --check]`: writes what every role may do into infra/permissions.txt, for review; or compares. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAsProgram } from '../layers/run-as-program.ts';
import { SetUpError } from '../layers/set-up-error.ts';
import { buildApp } from './build-app.ts';
import { permissionLines } from './permission-lines.ts';
import { REVIEWED } from './review-context.ts';

const LIST = join(import.meta.dirname, 'permissions.txt');
const HEADING = `# What every role may do: role, action, resource, conditions. Made by npm run permissions from a stack with
# the network profiles public and office (a VPC) and secrets of the user's own. Review each changed line.
`;

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
      // Code and layer grant nothing.
      context: { ...REVIEWED, 'aws:cdk:bundling-stacks': [] },
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
