/**
 * CloudFormation's intrinsic functions.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */

/** What the functions look up. Each throws where there is nothing by that name. */
export interface Scope {
  reference(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  mapping(map: string, first: string, second: string): unknown;
  condition(name: string): boolean;
}

/** What `{ Ref: AWS::NoValue }` becomes: the property or list item that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

type Arguments = readonly unknown[];

/**
 * Replaces every intrinsic function in a value of a template.
 * @throws Error for a function that is not known here, or that finds nothing
 */
export function resolveValue(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolveValue(item, scope)).filter((item) => item !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0 && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
    return call(only[0], only[1], scope);
  }
  return Object.fromEntries(
    entries
      .map(([name, item]): [string, unknown] => [name, resolveValue(item, scope)])
      .filter(([, item]) => item !== NO_VALUE),
  );
}

/** Evaluates an entry of the template's `Conditions`. */
export function resolveCondition(condition: unknown, scope: Scope): boolean {
  const [name, argument] = Object.entries(condition ?? {})[0] ?? [];
  const parts = (): Arguments => list(argument);
  switch (name) {
    case 'Condition':
      return scope.condition(text(argument));
    case 'Fn::Equals':
      return resolveValue(parts()[0], scope) === resolveValue(parts()[1], scope);
    case 'Fn::Not':
      return !resolveCondition(parts()[0], scope);
    case 'Fn::And':
      return parts().every((part) => resolveCondition(part, scope));
    case 'Fn::Or':
      return parts().some((part) => resolveCondition(part, scope));
    default:
      throw new Error(`the condition function ${name ?? 'of no name'} is not known to the local cloud`);
  }
}

function call(name: string, argument: unknown, scope: Scope): unknown {
  const resolved = (): Arguments => list(resolveValue(argument, scope));
  switch (name) {
    case 'Ref':
      return scope.reference(text(argument));
    case 'Fn::GetAtt': {
      const [logicalId, ...attribute] = typeof argument === 'string' ? argument.split('.') : list(argument);
      return scope.attribute(text(logicalId), attribute.map(text).join('.'));
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join': {
      const [separator, parts] = resolved();
      return list(parts).map(text).join(text(separator));
    }
    case 'Fn::Split': {
      const [separator, whole] = resolved();
      return text(whole).split(text(separator));
    }
    case 'Fn::Select': {
      const [index, items] = resolved();
      const item = list(items)[Number(index)];
      if (item === undefined) throw new Error(`Fn::Select finds no item ${String(index)}`);
      return item;
    }
    case 'Fn::If': {
      // Only the branch that is taken is resolved: the other may name what does not exist.
      const [condition, yes, no] = list(argument);
      return resolveValue(scope.condition(text(condition)) ? yes : no, scope);
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = resolved();
      return scope.mapping(text(map), text(first), text(second));
    }
    default:
      throw new Error(`the function ${name} is not known to the local cloud`);
  }
}

/** `${Name}`, `${Resource.Attribute}`, `${!Literal}`, with variables of its own before those of the template. */
function substitute(argument: unknown, scope: Scope): string {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  return text(template).replaceAll(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal !== '') return whole.replace('!', '');
    if (Object.hasOwn(variables, name)) return text(resolveValue(variables[name], scope));
    const [logicalId = '', ...attribute] = name.split('.');
    return text(
      attribute.length === 0 ? scope.reference(name) : scope.attribute(logicalId, attribute.join('.')),
    );
  });
}

function list(value: unknown): Arguments {
  if (!Array.isArray(value)) throw new Error(`a list was expected, not ${JSON.stringify(value)}`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new Error(`a text was expected, not ${JSON.stringify(value)}`);
}
