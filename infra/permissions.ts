/** The only file that grants: what each role may do, action by action. Reviewed as infra/permissions.txt. */
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeWildcards, type Permission } from './acknowledge-wildcards.ts';
import type { Api } from './constructs/api.ts';
import type { LambdaFunction } from './constructs/lambda-function.ts';
import type { Scheduler } from './constructs/scheduler.ts';
import type { Workflows } from './constructs/workflows.ts';
import { type Grantees, grantable } from './grantable.ts';

export interface Parts extends Grantees {
  readonly workflows: Workflows;
  readonly scheduler: Scheduler;
  readonly api: Api;
}

export function grantPermissions(stack: Stack, parts: Parts): void {
  const { identity, workflows, scheduler, api } = parts;
  const may = grantable(stack, parts);
  const { expire, dispatch } = workflows;
  const workers = Object.values(workflows.workers);
  // Whoever takes a database's lock also ends the run that had lost it.
  const startsRun = [
    may.getItem('DB', 'BK', 'RS', 'LOCK'),
    may.updateItem('BK', 'RS'),
    may.deleteItem('LOCK'),
  ];
  const answersRequests = [
    may.hashTokens(),
    may.getItem('TOKEN'),
    may.query('byKind', 'byDatabase', 'byActive'),
  ];
  const readsSecrets = [may.readSecrets(), may.useSecretKeys()];

  grant(api.functions['api-databases'], [
    ...answersRequests,
    ...startsRun,
    may.putItem('DB', 'LOCK'),
    may.deleteItem('DB'),
    may.useManagedSecrets('CreateSecret', 'PutSecretValue', 'DeleteSecret'),
    may.invoke(...workers.map(({ probe }) => probe), expire),
  ]);
  grant(api.functions['api-backups'], [
    ...answersRequests,
    ...startsRun,
    may.putItem('BK', 'LOCK'),
    may.invoke(...workers.map(({ backup }) => backup), expire),
    // The manifest, and what it signs for downloads: a link can do what its signer may.
    may.useObjects('databases', 'GetObjectVersion'),
    may.useDataKeyThroughS3('Decrypt'),
  ]);
  grant(api.functions['api-restores'], [
    ...answersRequests,
    ...startsRun,
    may.putItem('RS', 'LOCK'),
    may.invoke(...workers.map(({ restore }) => restore)),
  ]);
  grant(api.functions['api-health'], []);

  for (const { probe, backup, restore } of workers) {
    grant(probe, [may.getItem('DB'), ...readsSecrets]);
    grant(backup, [
      may.getItem('DB', 'BK'),
      may.updateItem('BK', 'LOCK'),
      may.deleteItem('LOCK'),
      ...readsSecrets,
      // GetObject tells after a lost answer whether our bytes lie there, GetObjectVersion reads them back.
      may.useObjects('databases', 'PutObject', 'GetObject', 'GetObjectVersion'),
      may.useObjects('databases', 'AbortMultipartUpload', 'ListMultipartUploadParts'),
      may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
      may.seeWhatIsMissing(),
    ]);
    grant(restore, [
      may.getItem('DB', 'BK', 'RS'),
      may.updateItem('RS', 'LOCK'),
      may.deleteItem('LOCK'),
      ...readsSecrets,
      may.useObjects('databases', 'GetObjectVersion'),
      may.useDataKeyThroughS3('Decrypt'),
      may.seeWhatIsMissing(),
    ]);
  }
  grant(expire, [
    may.getItem('BK'),
    may.updateItem('BK'),
    may.listForRemoval(),
    may.useObjects('databases', 'DeleteObjectVersion', 'AbortMultipartUpload'),
  ]);
  grant(dispatch, [
    may.getItem('IDEM'),
    ...startsRun,
    may.putItem('IDEM', 'BK', 'LOCK'),
    may.invoke(...workers.map(({ backup }) => backup)),
  ]);
  grant(identity.adminToken, [
    may.hashTokens(),
    // A repeated write reads whether the first one had worked.
    may.getItem('TOKEN'),
    may.putItem('TOKEN'),
    may.useObjects('audit', 'PutObject', 'GetObject'),
    may.useDataKeyThroughS3('GenerateDataKey', 'Decrypt'),
  ]);

  allow(scheduler.role, [may.invoke(dispatch), may.send(scheduler.undelivered)]);

  /** What every function needs besides: its logs, its network interfaces, the key of the table. */
  function grant(to: LambdaFunction, permissions: readonly Permission[]): void {
    const usesTable = permissions.some(({ actions }) =>
      actions.some((action) => action.startsWith('dynamodb:')),
    );
    allow(to.ownRole, [
      may.writeLogs(to.ownLogGroup),
      ...(to.isBoundToVpc ? [may.joinVpc()] : []),
      ...(usesTable ? [may.useDataKeyThroughTable()] : []),
      ...permissions,
    ]);
  }
}

function allow(role: Role, permissions: readonly Permission[]): void {
  for (const { actions, resources, conditions } of permissions) {
    if (resources.length === 0) continue;
    role.addToPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        ...(conditions && { conditions }),
      }),
    );
  }
  acknowledgeWildcards(role, permissions);
}
