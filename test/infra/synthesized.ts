/** Synthesizes the stack in a Node process of its own: loading the CDK inside of Jest takes many times as long. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerStatus } from '../../layers/mysql-client/status.ts';
import { endOfProgram } from '../../layers/run-program.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata: { readonly 'aws:cdk:path': string };
}
interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

interface Wish {
  readonly context?: Readonly<Record<string, unknown>>;
  /** @default a built layer of the locked packages, with nothing of interest in it */
  readonly layer?: Partial<LayerStatus>;
  /** Adds what the checks of a synthesis should find: a policy that allows too much, and a run time that is none. */
  readonly mistakes?: true;
}

/** The one stack of the app: its name and template, without bundled code. */
export interface Synthesized {
  readonly stackName: string;
  readonly template: Template;
}

/** @throws Error with what the synthesis printed where it failed */
export async function synthesized(wish: Wish = {}): Promise<Synthesized> {
  const end = await endOfProgram({
    command: process.execPath,
    arguments: [import.meta.filename],
    input: JSON.stringify(wish),
  });
  if (end.exitCode !== 0) throw new Error(end.errorOutput);
  return JSON.parse(end.output);
}

/** Resources of a type, by the path of their constructs in the stack. */
export function resourcesOf({ template }: Synthesized, type: string): Map<string, Resource> {
  const ofType = Object.values(template.Resources).filter(({ Type }) => Type === type);
  const pathOf = ({ Metadata }: Resource) =>
    Metadata['aws:cdk:path'].replace(/^[^/]*\//, '').replace(/\/Resource$/, '');
  return new Map(ofType.map((resource) => [pathOf(resource), resource]));
}

if (import.meta.main) {
  const { buildApp } = await import('../../infra/build-app.ts');
  const { text } = await import('node:stream/consumers');
  const { context, layer, mistakes }: Wish = JSON.parse(await text(process.stdin));
  const outdir = mkdtempSync(join(tmpdir(), 'safebase-synthesized-'));
  process.on('exit', () => rmSync(outdir, { recursive: true }));
  const app = buildApp({
    context: { 'aws:cdk:bundling-stacks': [], 'aws:cdk:enable-path-metadata': true, ...context },
    outdir,
    layerOf: (architecture) => ({
      architecture,
      folder: import.meta.dirname,
      built: true,
      drift: [],
      buildCommand: 'npm run layer:build',
      ...layer,
    }),
  });
  const stack = app.node.findChild(`SafeBase-${context?.stage ?? 'dev'}`);
  if (mistakes) {
    const { CfnManagedPolicy } = await import('aws-cdk-lib/aws-iam');
    new CfnManagedPolicy(stack, 'too-much', {
      policyDocument: { Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
    });
    const { CfnFunction } = await import('aws-cdk-lib/aws-lambda');
    const role = 'arn:aws:iam::111122223333:role/x';
    new CfnFunction(stack, 'no-run-time', { code: {}, handler: 'index.handler', role, runtime: 'nodejs1.x' });
  }
  const [synthesizedStack] = app.synth().stacks;
  console.log(
    JSON.stringify({ stackName: synthesizedStack?.stackName, template: synthesizedStack?.template }),
  );
}
