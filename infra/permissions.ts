/** The only file that grants: what each role may do, action by action. Reviewed as infra/permissions.txt. */
import type { Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeWildcards, type Permission } from './acknowledge-wildcards.ts';
import type { Api } from './constructs/api.ts';
import type { LambdaFunction } from './constructs/lambda-function.ts';
import type { Scheduler } from './constructs/scheduler.ts';
import type { Workers, Workflows } from './constructs/workflows.ts';
import { type Grantees, grantable, type May } from './grantable.ts';

export interface Parts extends Grantees {
  readonly workflows: Workflows;
  readonly scheduler: Scheduler;
  readonly api: Api;
}

export function grantPermissions(stack: Stack, parts: Parts): void {
  const may = grantable(stack, parts);
  grantApi(may, parts);
  for (const workers of Object.values(parts.workflows.workers)) grantWorkers(may, workers);
  grantJobs(may, parts);
  grantSignatures(may, parts);
}

/** Starting a run takes the lock of its database; whoever takes it also ends the run that had lost it. */
const startRuns = (may: May): Permission[] => [
  may.getItem('DB', 'BK', 'RS', 'LOCK'),
  may.updateItem('BK', 'RS'),
  may.deleteItem('LOCK'),
];

function grantApi(may: May, { api, workflows }: Parts): void {
  const workers = Object.values(workflows.workers);
  const answerRequests = [may.hashTokens(), may.getItem('TOKEN'), may.query('byKind', 'byDatabase')];
  const answerAboutRuns = [...answerRequests, may.query('byActive')];
  grant(may, api.functions['api-databases'], [
    ...answerRequests,
    ...startRuns(may),
    may.putItem('DB', 'LOCK'),
    may.deleteItem('DB'),
    may.useManagedSecrets('CreateSecret', 'PutSecretValue', 'DeleteSecret'),
    may.invoke(...workers.map(({ probe }) => probe)),
    may.invoke(workflows.liveWorkflow),
  ]);
  grant(may, api.functions['api-backups'], [
    ...answerAboutRuns,
    ...startRuns(may),
    may.getItem('IDEM'),
    may.putItem('BK', 'LOCK', 'IDEM'),
    may.invoke(workflows.liveWorkflow),
    // The manifest, and what it signs for downloads: a link can do what its signer may.
    may.useObjects('databases', 'GetObjectVersion'),
    may.useDataKeyThroughS3('Decrypt'),
    may.seeWhatIsMissing(),
  ]);
  grant(may, api.functions['api-restores'], [
    ...answerAboutRuns,
    ...startRuns(may),
    may.getItem('IDEM'),
    may.putItem('RS', 'LOCK', 'IDEM'),
    may.invoke(workflows.liveWorkflow),
  ]);
  grant(may, api.functions['api-health'], []);
}

function grantWorkers(may: May, { probe, backup, restore }: Workers): void {
  const readSecrets = [may.readSecrets(), may.useSecretKeys()];
  grant(may, probe, [may.getItem('DB'), ...readSecrets]);
  grant(may, backup, [
    may.getItem('DB', 'BK', 'RS', 'LOCK'),
    // The backup before, to compare with.
    may.query('byDatabase'),
    may.putItem('LOCK'),
    may.updateItem('BK', 'LOCK'),
    may.deleteItem('LOCK'),
    ...readSecrets,
    // GetObject tells after a lost answer whether our bytes lie there, GetObjectVersion reads them back, and the manifest before.
    may.writeBackupFiles('dump.sql.zst', 'schema.sql.zst', 'objects.sql.zst', '*.tsv.zst', 'manifest.json'),
    may.useObjects('databases', 'GetObject', 'GetObjectVersion', 'AbortMultipartUpload'),
    may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
    may.seeWhatIsMissing(),
  ]);
  grant(may, restore, [
    may.getItem('DB', 'BK', 'RS', 'LOCK'),
    may.putItem('LOCK'),
    may.updateItem('RS', 'LOCK'),
    may.deleteItem('LOCK'),
    ...readSecrets,
    may.useObjects('databases', 'GetObjectVersion'),
    may.useDataKeyThroughS3('Decrypt'),
    may.seeWhatIsMissing(),
  ]);
}

function grantJobs(may: May, { workflows, identity, scheduler }: Parts): void {
  const { expire, verify, sweep, dispatch, workflow, workers } = workflows;
  grant(may, expire, [
    may.getItem('BK'),
    may.updateItem('BK'),
    may.listForRemoval(),
    may.useObjects('databases', 'DeleteObjectVersion', 'AbortMultipartUpload'),
  ]);
  grant(may, verify, [
    may.getItem('BK'),
    may.updateItem('BK'),
    may.useObjects('databases', 'GetObjectVersion'),
    may.useDataKeyThroughS3('Decrypt'),
    may.seeWhatIsMissing(),
  ]);
  // Sweep and workflow list what lies there before they read it, and what vanishes in between they list again.
  grant(may, sweep, [
    may.query('byActive', 'byKind'),
    may.getItem('BK', 'RS'),
    may.updateItem('BK', 'RS'),
    may.deleteItem('LOCK'),
    may.listForRemoval(),
    may.useObjects('databases', 'GetObjectVersion', 'AbortMultipartUpload'),
    may.invoke(workflows.liveWorkflow),
    may.useDataKeyThroughS3('Decrypt'),
  ]);
  grant(may, dispatch, [
    may.getItem('IDEM'),
    ...startRuns(may),
    may.putItem('IDEM', 'BK', 'LOCK'),
    may.invoke(workflows.liveWorkflow),
  ]);
  const runners = Object.values(workers).flatMap(({ backup, restore }) => [backup, restore]);
  grant(may, workflow, [
    may.getItem('BK', 'RS'),
    // The lock of a restore waits with it for the next worker.
    may.updateItem('BK', 'RS', 'LOCK'),
    may.deleteItem('LOCK'),
    may.useObjects('databases', 'GetObjectVersion'),
    may.listVersions(),
    may.useDataKeyThroughS3('Decrypt'),
    may.invokeVersions(...runners, expire, verify),
  ]);
  // A policy of its own: the role's default policy comes before the function, and could not name it.
  const ofOneself = may.goOnWithExecutions(workflow);
  const policy = new Policy(workflows, 'workflow-executions', {
    roles: [workflow.ownRole],
    statements: [statementOf(ofOneself)],
  });
  acknowledgeWildcards(policy, [ofOneself]);
  grant(may, identity.adminToken, [
    may.hashTokens(),
    // A repeated write reads whether the first one had worked.
    may.getItem('TOKEN'),
    may.putItem('TOKEN'),
    may.useObjects('audit', 'PutObject', 'GetObject'),
    may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
  ]);
  allow(scheduler.role, [may.invoke(dispatch), may.send(scheduler.undelivered)]);
}

function grantSignatures(may: May, { signatures: { sign, reindex } }: Parts): void {
  // Signatures are looked for by listing; GetObject tells after a lost answer whether our bytes lie there.
  const readBackups = [may.listVersions(), may.useObjects('databases', 'GetObjectVersion')];
  grant(may, sign, [
    may.query('byKind'),
    may.getItem('BK'),
    may.updateItem('BK'),
    ...readBackups,
    may.writeBackupFiles('manifest.json.sig', 'public-key.pem'),
    may.useObjects('databases', 'GetObject'),
    may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
    may.useSignKey('Sign', 'GetPublicKey'),
    may.seeWhatIsMissing(),
  ]);
  grant(may, reindex, [
    may.getItem('DB', 'BK'),
    may.putItem('DB', 'BK'),
    ...readBackups,
    may.useObjects('audit', 'PutObject', 'GetObject'),
    may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
    may.useSignKey('GetPublicKey'),
    may.seeWhatIsMissing(),
  ]);
}

/** Adds what every function needs besides: its logs, its network interfaces, the key of the table. */
function grant(may: May, to: LambdaFunction, permissions: readonly Permission[]): void {
  const actions = permissions.flatMap((permission) => permission.actions);
  allow(to.ownRole, [
    may.writeLogs(to.ownLogGroup),
    ...(to.isBoundToVpc ? [may.joinVpc()] : []),
    ...(actions.some((action) => action.startsWith('dynamodb:')) ? [may.useDataKeyThroughTable()] : []),
    ...permissions,
  ]);
}

function allow(role: Role, permissions: readonly Permission[]): void {
  for (const permission of permissions.filter(({ resources }) => resources.length > 0))
    role.addToPolicy(statementOf(permission));
  acknowledgeWildcards(role, permissions);
}

const statementOf = ({ actions, resources, conditions }: Permission): PolicyStatement =>
  new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions && { conditions }),
  });
