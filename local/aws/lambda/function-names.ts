/** The ways in which a call names a function: `name`, `name:qualifier`, or an ARN of either. */
import type { Functions } from '../../lambda/functions.ts';
import type { FunctionModel } from '../../template/functions.ts';
import { AwsError } from '../aws-error.ts';

export interface NamedFunction {
  readonly model: FunctionModel;
  /** What was named: a call by qualifier needs a permission for that, not for the function as a whole. */
  readonly arn: string;
  readonly isQualified: boolean;
}

/**
 * @param qualifier the parameter of the call, beside or instead of one in the name
 * @throws AwsError `ResourceNotFoundException`
 */
export function findFunction(functions: Functions, name: string, qualifier?: string): NamedFunction {
  const split = splitName(name);
  const wanted = qualifier ?? split.qualifier;
  const model = functions.find(split.base, wanted);
  if (model === undefined) {
    const message = `Function not found: ${split.base}:${wanted ?? '$LATEST'}`;
    throw new AwsError(404, 'ResourceNotFoundException', message);
  }
  return {
    model,
    arn: wanted === undefined ? model.arn : `${model.arn}:${wanted}`,
    isQualified: wanted !== undefined,
  };
}

function splitName(name: string): { base: string; qualifier?: string } {
  const arn = /^(arn:[^:]+:lambda:[^:]+:\d+:function:[^:]+)(?::([^:]+))?$/.exec(name);
  const [base = name, qualifier] = arn === null ? name.split(':') : arn.slice(1);
  return qualifier === undefined ? { base } : { base, qualifier };
}
