/** The versions of functions: the latest one, and those that the template publishes, with their aliases. */
import { z } from 'zod';
import { type FunctionModel, type LatestVersion, readLatestVersions } from './functions.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

/** Lambda's defaults, where the template is silent. */
const DEFAULT_RETRIES = 2;
const DEFAULT_EVENT_AGE_SECONDS = 6 * 3600;

const ASYNCHRONOUS = {
  used: z.object({
    FunctionName: z.string(),
    Qualifier: z.string(),
    MaximumRetryAttempts: z.int().default(DEFAULT_RETRIES),
    MaximumEventAgeInSeconds: z.int().default(DEFAULT_EVENT_AGE_SECONDS),
  }),
  unused: [],
} as const satisfies PropertiesSchema<z.ZodObject>;

const VERSION = {
  used: z.object({ FunctionName: z.string() }),
  // That an execution stays on its version is what a version is for here.
  unused: ['Description', 'FunctionScalingConfig', 'RuntimePolicy', 'CodeSha256'],
} as const satisfies PropertiesSchema<z.ZodObject>;

const ALIAS = {
  used: z.object({ FunctionName: z.string(), FunctionVersion: z.string(), Name: z.string() }),
  unused: ['Description'],
} as const satisfies PropertiesSchema<z.ZodObject>;

/**
 * Every function as its latest version, then the versions that the template publishes.
 * @param assets S3 key → folder on disk
 */
export function readFunctions(stack: Stack, assets: ReadonlyMap<string, string>): FunctionModel[] {
  const latest = readLatestVersions(stack, assets);
  const aliases = stack.resources('AWS::Lambda::Alias', ALIAS).map(({ properties }) => properties);
  const asynchronous = stack
    .resources('AWS::Lambda::EventInvokeConfig', ASYNCHRONOUS)
    .map(({ properties }) => properties);
  const published = stack.resources('AWS::Lambda::Version', VERSION).map((resource): LatestVersion => {
    const model = latest.find(({ name }) => name === resource.properties.FunctionName);
    if (model === undefined) throw new Error(`${resource.logicalId}: its function is not of this stack`);
    const version = resource.attributes.Version ?? '';
    const names = aliases
      .filter(
        ({ FunctionName, FunctionVersion }) => FunctionName === model.name && FunctionVersion === version,
      )
      .map(({ Name }) => Name);
    return { ...model, version, aliases: names };
  });
  return [...latest, ...published].map((model) => {
    const config = asynchronous.find(
      ({ FunctionName, Qualifier }) =>
        FunctionName === model.name && [model.version, ...model.aliases].includes(Qualifier),
    );
    return {
      ...model,
      asynchronous: {
        maximumRetries: config?.MaximumRetryAttempts ?? DEFAULT_RETRIES,
        maximumAgeSeconds: config?.MaximumEventAgeInSeconds ?? DEFAULT_EVENT_AGE_SECONDS,
      },
    };
  });
}
