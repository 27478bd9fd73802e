/** The lines of infra/permissions.txt in a stack that is served: which of them allow a use, and how it is without one. */
import { permissionLines } from '../../../infra/permission-lines.ts';
import { REVIEWED } from '../../../infra/review-context.ts';
import type { AllowedUse } from '../../../local/aws/authorize.ts';
import { allows, type IdentityPolicy } from '../../../local/aws/identity-policy.ts';
import { LAPTOP_ARCHITECTURE } from '../../../local/synthesize.ts';
import type { StackModel } from '../../../local/template/model.ts';
import type { GrantStatement, Template } from '../assembly.ts';

export const NETWORKS = ['public', 'office'] as const;
export type Network = (typeof NETWORKS)[number];

/** What is reviewed has an account and region of its own, and secrets as only RDS can name them. */
const REVIEWED_PARTS = ['eu-central-1:111122223333', 'secret:rds!'] as const;
const LAPTOP_PARTS = ['us-east-1:000000000000', 'secret:rds-'] as const;
const onLaptop = (text: string): string =>
  REVIEWED_PARTS.reduce((changed, part, index) => changed.replaceAll(part, LAPTOP_PARTS[index] ?? ''), text);
const asReviewed = (text: string): string =>
  LAPTOP_PARTS.reduce((changed, part, index) => changed.replaceAll(part, REVIEWED_PARTS[index] ?? ''), text);

/** Whatever is reviewed, but for the processor and the networks, which are the laptop's own. */
export const CONTEXT = {
  ...JSON.parse(onLaptop(JSON.stringify(REVIEWED))),
  networks: Object.fromEntries(NETWORKS.map((name) => [name, { private: true, loopback: true }])),
  architecture: LAPTOP_ARCHITECTURE,
  acceptLayerDrift: true,
  throttle: { rate: 1_000, burst: 1_000 },
};
/** What `secretArns` and `secretKeyArns` of the context allow: secrets with such names, and this key. */
export const OWN_SECRET = 'rds-of-the-user';
export const OWN_KEY = String(CONTEXT.secretKeyArns[0]);

/**
 * Makes a statement of each action on each resource, which grants the same, and names it by its line.
 * @returns the lines, in the words of infra/permissions.txt; the `Sid` of a statement is the index of its line
 */
export function splitStatements(template: Template): readonly string[] {
  const lines: string[] = [];
  const others = Object.entries(template.Resources).filter(([, { Type }]) => Type !== 'AWS::IAM::Policy');
  for (const [id, policy] of Object.entries(template.Resources)) {
    if (policy.Type !== 'AWS::IAM::Policy') continue;
    const document = policy.Properties.PolicyDocument;
    document.Statement = document.Statement.flatMap(singles).map((statement) => {
      const alone = { ...policy.Properties, PolicyDocument: { ...document, Statement: [statement] } };
      const Resources = Object.fromEntries([...others, [id, { ...policy, Properties: alone }]]);
      const [line = ''] = permissionLines({ Resources });
      const Sid = `Line${lines.push(asReviewed(line)) - 1}`;
      return { ...statement, Sid };
    });
  }
  return lines;
}

const singles = (statement: GrantStatement): GrantStatement[] =>
  [statement.Action]
    .flat()
    .flatMap((Action) => [statement.Resource].flat().map((Resource) => ({ ...statement, Action, Resource })));

/** The lines that allow a use. */
export function linesThatAllow(
  lines: readonly string[],
  { functions, rolePolicies }: StackModel,
  { functionId, ...use }: AllowedUse,
): readonly string[] {
  const role = functions.find(({ id }) => id === functionId)?.roleName ?? '';
  const policies = (rolePolicies.get(role) ?? []).flatMap(alone);
  return policies
    .filter((policy) => allows([policy], use))
    .flatMap(({ Statement }) => Statement.map(({ Sid = '' }) => lines[Number(Sid.slice(4))] ?? ''));
}

const alone = ({ Statement, ...policy }: IdentityPolicy): IdentityPolicy[] =>
  Statement.map((statement) => ({ ...policy, Statement: [statement] }));
