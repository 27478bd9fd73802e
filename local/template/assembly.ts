/** Reads what `cdk synth` wrote: one stack's template, the construct path of each resource, and the asset folders. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

interface TemplateResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The name of the condition under which it exists. */
  readonly condition?: string;
  /** Ids of the constructs from the stack down, without the final `Resource`. */
  readonly path: readonly string[];
}

export interface Assembly {
  readonly stackName: string;
  readonly region: string;
  /** By logical id. */
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly mappings: Readonly<Record<string, Record<string, Record<string, unknown>>>>;
  readonly parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
  /** The folder (or file) on disk behind the S3 key that a template names as code. */
  readonly assets: ReadonlyMap<string, string>;
}

/** The region of a stack that names none: what a deploy takes from its credentials. */
const DEFAULT_REGION = 'us-east-1';

const metadataFile = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.unknown() })));
const manifestFile = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z.object({ templateFile: z.string().optional(), file: z.string().optional() }).optional(),
      additionalMetadataFile: z.string().optional(),
      metadata: metadataFile.optional(),
    }),
  ),
});
const assetsFile = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});
const templateFile = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Condition: z.string().optional(),
    }),
  ),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).default({}),
});

/** @throws Error where the folder holds no assembly, or not exactly one stack */
export function readAssembly(folder: string): Assembly {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const artifacts = Object.entries(manifestFile.parse(read('manifest.json')).artifacts);
  const stacks = artifacts.filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  const [stack, ...more] = stacks;
  if (stack === undefined || more.length > 0) {
    throw new Error(`${folder} holds ${stacks.length} stacks; the local cloud serves exactly one`);
  }
  const [stackName, artifact] = stack;
  const template = templateFile.parse(
    read(artifact.properties?.templateFile ?? `${stackName}.template.json`),
  );
  const metadata = {
    ...artifact.metadata,
    ...(artifact.additionalMetadataFile && metadataFile.parse(read(artifact.additionalMetadataFile))),
  };
  const paths = constructPaths(metadata);
  const region = artifact.environment?.split('/').at(-1) ?? 'unknown-region';

  return {
    stackName,
    region: region === 'unknown-region' ? DEFAULT_REGION : region,
    resources: new Map(
      Object.entries(template.Resources).map(([logicalId, resource]) => [
        logicalId,
        {
          type: resource.Type,
          properties: resource.Properties,
          path: paths.get(logicalId) ?? [logicalId],
          ...(resource.Condition !== undefined && { condition: resource.Condition }),
        },
      ]),
    ),
    conditions: template.Conditions,
    mappings: template.Mappings,
    parameters: template.Parameters,
    assets: new Map(
      artifacts
        .filter(([, { type }]) => type === 'cdk:asset-manifest')
        .flatMap(([, { properties }]) => assetPaths(folder, read(properties?.file ?? ''))),
    ),
  };
}

/** `/Stack/backup-public/Resource` → the logical id in its metadata. */
function constructPaths(metadata: z.output<typeof metadataFile>): Map<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  for (const [path, entries] of Object.entries(metadata)) {
    const logicalId = entries.find(({ type }) => type === 'aws:cdk:logicalId')?.data;
    const ids = path.split('/').slice(2);
    if (ids.at(-1) === 'Resource' || ids.at(-1) === 'Default') ids.pop();
    if (typeof logicalId === 'string') paths.set(logicalId, ids);
  }
  return paths;
}

function assetPaths(folder: string, assets: unknown): [objectKey: string, path: string][] {
  return Object.values(assetsFile.parse(assets).files).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ objectKey }): [string, string] => [
      objectKey,
      resolve(folder, source.path),
    ]),
  );
}
