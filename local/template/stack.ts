/** A template with its intrinsic functions resolved against the emulated resources. */
import { z } from 'zod';
import type { Assembly } from './assembly.ts';
import { NO_VALUE, resolveCondition, resolveValue, type Scope } from './intrinsics.ts';
import { ACCOUNT, type Identity, identify } from './resource-types.ts';

/** The properties of a type that the local cloud acts on, and those it knows and leaves alone. */
export interface PropertiesSchema<T extends z.ZodObject> {
  readonly used: T;
  readonly unused: readonly string[];
}

interface Resource<P> {
  readonly logicalId: string;
  /** The ids of the constructs that hold it, from the stack down. */
  readonly path: readonly string[];
  readonly reference: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: P;
}

export interface Stack {
  readonly name: string;
  readonly region: string;
  /**
   * All resources of a type, with the properties that the schema names resolved and checked.
   * @throws Error naming the resource and the property that is unknown, wrong or cannot be resolved
   */
  resources<T extends z.ZodObject>(type: string, schema: PropertiesSchema<T>): Resource<z.output<T>>[];
}

/** @throws Error naming every resource whose type is not known to the local cloud */
export function openStack(assembly: Assembly): Stack {
  const scope = scopeOf(assembly);
  const exists = (logicalId: string): boolean => {
    const condition = assembly.resources.get(logicalId)?.condition;
    return condition === undefined || scope.condition(condition);
  };
  const present = [...assembly.resources].filter(([logicalId]) => exists(logicalId));
  checkTypes(
    present.map(([logicalId]) => logicalId),
    scope,
  );
  return {
    name: assembly.stackName,
    region: assembly.region,
    resources: (type, schema) =>
      present
        .filter(([, resource]) => resource.type === type)
        .map(([logicalId, { path, properties }]) => ({
          logicalId,
          path,
          ...scope.identity(logicalId),
          properties: locate(logicalId, () => read(properties, schema, scope)),
        })),
  };
}

interface StackScope extends Scope {
  identity(logicalId: string): Identity;
  /** @throws Error for a type of resource that the local cloud has never heard of */
  checkType(logicalId: string): void;
}

function scopeOf(assembly: Assembly): StackScope {
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': ACCOUNT,
    'AWS::Region': assembly.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': assembly.stackName,
    'AWS::StackId': `arn:aws:cloudformation:${assembly.region}:${ACCOUNT}:stack/${assembly.stackName}/local`,
    'AWS::NoValue': NO_VALUE,
  };
  const stack = { name: assembly.stackName, region: assembly.region };
  const find = (logicalId: string): Identity | undefined => {
    const resource = assembly.resources.get(logicalId);
    if (resource === undefined) throw new Error(`the template has no resource or parameter ${logicalId}`);
    const { type, path, properties } = resource;
    return identify({ type, path, logicalId }, stack, (name) => resolveValue(properties[name], scope));
  };
  const scope: StackScope = {
    checkType: find,
    identity: (logicalId) => {
      const known = find(logicalId);
      if (known === undefined)
        throw new Error(`${logicalId} has no counterpart on the laptop to be named here`);
      return known;
    },
    reference: (name) => {
      if (Object.hasOwn(pseudo, name)) return pseudo[name];
      const parameter = assembly.parameters[name];
      if (parameter === undefined) return scope.identity(name).reference;
      if (parameter.Default === undefined) throw new Error(`the parameter ${name} has no default`);
      return parameter.Default;
    },
    attribute: (logicalId, attribute) => {
      const value = scope.identity(logicalId).attributes[attribute];
      if (value === undefined)
        throw new Error(`the local cloud gives ${logicalId} no attribute ${attribute}`);
      return value;
    },
    mapping: (map, first, second) => {
      const value = assembly.mappings[map]?.[first]?.[second];
      if (value === undefined) throw new Error(`the mapping ${map} has no ${first}, ${second}`);
      return value;
    },
    condition: (name) => {
      if (!Object.hasOwn(assembly.conditions, name)) throw new Error(`the template has no condition ${name}`);
      return resolveCondition(assembly.conditions[name], scope);
    },
  };
  return scope;
}

/** Looks at every resource once, so that an unknown type is found before anything starts. */
function checkTypes(logicalIds: readonly string[], scope: StackScope): void {
  const unknown = logicalIds.flatMap((logicalId) => {
    try {
      scope.checkType(logicalId);
      return [];
    } catch (error) {
      return [`${logicalId}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  if (unknown.length > 0)
    throw new Error(`the local cloud cannot serve this template: ${unknown.join('; ')}`);
}

function read<T extends z.ZodObject>(
  properties: Readonly<Record<string, unknown>>,
  schema: PropertiesSchema<T>,
  scope: Scope,
): z.output<T> {
  const wanted = Object.keys(schema.used.shape);
  const strange = Object.keys(properties).filter(
    (name) => !wanted.includes(name) && !schema.unused.includes(name),
  );
  if (strange.length > 0) throw new Error(`the local cloud does not know the property ${strange.join(', ')}`);
  const resolved = Object.fromEntries(
    wanted
      .filter((name) => name in properties)
      .map((name): [string, unknown] => [name, resolveValue(properties[name], scope)])
      .filter(([, value]) => value !== NO_VALUE),
  );
  const parsed = schema.used.safeParse(resolved);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

function locate<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
