import * as z from 'zod';

const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
const attribute = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const reference = z.object({ Ref: z.string() });

/**
 * An ARN of a template as one line, in the form that cdk-nag gives to its findings: `<Bucket.Arn>/databases/*`.
 * @param name what stands for a logical id
 */
export function readableArn(value: unknown, name: (logicalId: string) => string = (id) => id): string {
  if (typeof value === 'string') return value;
  const joined = join.safeParse(value);
  if (joined.success) {
    const [separator, parts] = joined.data['Fn::Join'];
    return parts.map((part) => readableArn(part, name)).join(separator);
  }
  const got = attribute.safeParse(value);
  if (got.success) return `<${name(got.data['Fn::GetAtt'][0])}.${got.data['Fn::GetAtt'][1]}>`;
  const referred = reference.safeParse(value);
  if (referred.success) return `<${name(referred.data.Ref)}>`;
  throw new Error(`no known form of an ARN: ${JSON.stringify(value)}`);
}
