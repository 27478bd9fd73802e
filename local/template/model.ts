/** What the local cloud serves: the stack as plain facts, with everything resolved. */
import type { IdentityPolicy } from '../aws/identity-policy.ts';
import { readAssembly } from './assembly.ts';
import { readFunctions } from './function-versions.ts';
import type { FunctionModel } from './functions.ts';
import { type HttpApiModel, readHttpApi } from './http-api.ts';
import { ACCOUNT } from './resource-types.ts';
import { readRolePolicies } from './roles.ts';
import { type RuleModel, readRules } from './rules.ts';
import { openStack } from './stack.ts';
import {
  type BucketModel,
  type KeyModel,
  readBuckets,
  readKeys,
  readTables,
  type TableModel,
} from './stores.ts';

export interface StackModel {
  readonly stackName: string;
  readonly accountId: string;
  readonly region: string;
  readonly functions: readonly FunctionModel[];
  readonly httpApi?: HttpApiModel;
  readonly buckets: readonly BucketModel[];
  readonly tables: readonly TableModel[];
  readonly keys: readonly KeyModel[];
  readonly rules: readonly RuleModel[];
  /** The name of a role → the policies that are attached to it. */
  readonly rolePolicies: ReadonlyMap<string, readonly IdentityPolicy[]>;
}

/** @throws Error naming what of the template the local cloud cannot serve */
export function readStack(assemblyFolder: string): StackModel {
  const assembly = readAssembly(assemblyFolder);
  const stack = openStack(assembly);
  const httpApi = readHttpApi(stack);
  return {
    stackName: stack.name,
    accountId: ACCOUNT,
    region: stack.region,
    functions: readFunctions(stack, assembly.assets),
    ...(httpApi !== undefined && { httpApi }),
    buckets: readBuckets(stack),
    tables: readTables(stack),
    keys: readKeys(stack),
    rules: readRules(stack),
    rolePolicies: readRolePolicies(stack),
  };
}
