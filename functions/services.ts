/**
 * Where ports meet adapters: one function for each port, made once for each function instance. They are declarations,
 * so that what a function does not call drops out of its bundle; each asks for the settings that it needs.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  dynamoDbClient,
  kmsClient,
  lambdaAnswerClient,
  lambdaClient,
  s3Client,
  secretsManagerClient,
} from './adapters/aws-clients.ts';
import { dnsResolver } from './adapters/dns-resolver.ts';
import { dynamodbDatabases } from './adapters/dynamodb-databases.ts';
import { dynamodbIdempotency } from './adapters/dynamodb-idempotency.ts';
import { dynamodbLocks } from './adapters/dynamodb-locks.ts';
import { dynamodbBackups, dynamodbRestores } from './adapters/dynamodb-runs.ts';
import { dynamodbTokens } from './adapters/dynamodb-tokens.ts';
import { kmsManifestSigner } from './adapters/kms-manifest-signer.ts';
import { kmsTokenHasher } from './adapters/kms-token-hasher.ts';
import { durableHandler } from './adapters/lambda-durable-steps.ts';
import { lambdaProber } from './adapters/lambda-prober.ts';
import { lambdaWorkflows } from './adapters/lambda-workflows.ts';
import { mysqlConnector } from './adapters/mysql-connector.ts';
import { s3AuditLog } from './adapters/s3-audit-log.ts';
import { s3DownloadLinks } from './adapters/s3-download-links.ts';
import { s3ObjectStore } from './adapters/s3-object-store.ts';
import { secretsManagerStore } from './adapters/secrets-store.ts';
import { stdoutLog } from './adapters/stdout-log.ts';
import type { readConfig } from './config.ts';
import { type Authenticate, tokenAuthenticator } from './core/authenticate.ts';
import type { StartedJob } from './core/job-payloads.ts';
import type {
  AuditLog,
  DatabaseStore,
  DownloadLinks,
  IdempotencyStore,
  Log,
  ManifestSigner,
  Now,
  ObjectStore,
  Prober,
  Resolver,
  RunLocks,
  RunStore,
  SecretStore,
  SqlConnector,
  TokenHasher,
  TokenStore,
} from './core/ports.ts';
import type { Backup, Restore } from './core/run.ts';
import type { SettlePorts } from './core/settle-run.ts';
import type { StartPorts } from './core/start-run.ts';
import type { Workflows } from './core/workflow-ports.ts';
import { SafeBaseError } from './errors.ts';

type Of<Name extends 'TABLE_NAME' | 'BUCKET_NAME' | 'TOKEN_KEY_ID' | 'SIGN_KEY_ID' | 'MYSQL_CLIENT_ROOT'> = {
  readonly [N in Name]: string;
};
type Workers = Pick<ReturnType<typeof readConfig<'api-databases'>>, 'WORKERS'>;
type OwnWorkers = { readonly EXPIRE_FUNCTION: string; readonly VERIFY_FUNCTION: string };

export const now: Now = () => Date.now();

let logMade: Log | undefined;
export function log(): Log {
  logMade ??= stdoutLog();
  return logMade;
}

let dynamoDb: DynamoDBClient | undefined;
function table(config: Of<'TABLE_NAME'>) {
  dynamoDb ??= dynamoDbClient();
  return { client: dynamoDb, name: config.TABLE_NAME };
}

let s3: S3Client | undefined;
function bucket(config: Of<'BUCKET_NAME'>) {
  s3 ??= s3Client();
  return { s3, name: config.BUCKET_NAME };
}

let databaseStoreMade: DatabaseStore | undefined;
export function databaseStore(config: Of<'TABLE_NAME'>): DatabaseStore {
  databaseStoreMade ??= dynamodbDatabases(table(config));
  return databaseStoreMade;
}

let backupStoreMade: RunStore<Backup> | undefined;
export function backupStore(config: Of<'TABLE_NAME'>): RunStore<Backup> {
  backupStoreMade ??= dynamodbBackups(table(config), now);
  return backupStoreMade;
}

let restoreStoreMade: RunStore<Restore> | undefined;
function restoreStore(config: Of<'TABLE_NAME'>): RunStore<Restore> {
  restoreStoreMade ??= dynamodbRestores(table(config), now);
  return restoreStoreMade;
}

let runLocksMade: RunLocks | undefined;
function runLocks(config: Of<'TABLE_NAME'>): RunLocks {
  runLocksMade ??= dynamodbLocks(table(config), now);
  return runLocksMade;
}

let idempotencyStoreMade: IdempotencyStore | undefined;
export function idempotencyStore(config: Of<'TABLE_NAME'>): IdempotencyStore {
  idempotencyStoreMade ??= dynamodbIdempotency(table(config), now);
  return idempotencyStoreMade;
}

let tokenStoreMade: TokenStore | undefined;
export function tokenStore(config: Of<'TABLE_NAME'>): TokenStore {
  tokenStoreMade ??= dynamodbTokens(table(config));
  return tokenStoreMade;
}

let tokenHasherMade: TokenHasher | undefined;
export function tokenHasher(config: Of<'TOKEN_KEY_ID'>): TokenHasher {
  tokenHasherMade ??= kmsTokenHasher(kmsClient(), config.TOKEN_KEY_ID);
  return tokenHasherMade;
}

let manifestSignerMade: ManifestSigner | undefined;
export function manifestSigner(config: Of<'SIGN_KEY_ID'>): ManifestSigner {
  manifestSignerMade ??= kmsManifestSigner(kmsClient(), config.SIGN_KEY_ID);
  return manifestSignerMade;
}

let authenticateMade: Authenticate | undefined;
export function authenticate(config: Of<'TABLE_NAME' | 'TOKEN_KEY_ID'>): Authenticate {
  authenticateMade ??= tokenAuthenticator({
    tokens: tokenStore(config),
    hasher: tokenHasher(config),
    now,
  });
  return authenticateMade;
}

let secretStoreMade: SecretStore | undefined;
/** @param config `SECRET_PREFIX` where secrets are made; who only reads needs none */
export function secretStore(config: Of<'TABLE_NAME'> & { readonly SECRET_PREFIX?: string }): SecretStore {
  secretStoreMade ??= secretsManagerStore(secretsManagerClient(), config.SECRET_PREFIX ?? '');
  return secretStoreMade;
}

let objectStoreMade: ObjectStore | undefined;
export function objectStore(config: Of<'BUCKET_NAME'>): ObjectStore {
  objectStoreMade ??= s3ObjectStore(bucket(config));
  return objectStoreMade;
}

let downloadLinksMade: DownloadLinks | undefined;
export function downloadLinks(config: Of<'BUCKET_NAME'>): DownloadLinks {
  downloadLinksMade ??= s3DownloadLinks(bucket(config));
  return downloadLinksMade;
}

let auditLogMade: AuditLog | undefined;
export function auditLog(config: Of<'BUCKET_NAME'>): AuditLog {
  auditLogMade ??= s3AuditLog(objectStore(config));
  return auditLogMade;
}

let workflowsMade: Workflows | undefined;
export function workflows(config: { readonly WORKFLOW_FUNCTION: string }): Workflows {
  workflowsMade ??= lambdaWorkflows(lambdaClient(), config.WORKFLOW_FUNCTION);
  return workflowsMade;
}

export { durableHandler };

/** The function that does a job. @throws `host_refused` */
export const workerOf =
  (config: Workers & OwnWorkers) =>
  (job: StartedJob): string => {
    if (job.kind === 'expire') return config.EXPIRE_FUNCTION;
    if (job.kind === 'verify') return config.VERIFY_FUNCTION;
    const workers = config.WORKERS[job.network];
    if (workers === undefined) {
      throw new SafeBaseError(
        'host_refused',
        `the stack has no workers for the network profile ${job.network}`,
      );
    }
    return workers[job.kind];
  };

/** What it takes to give a run whose worker is gone its final state. */
export const settlePorts = (config: Of<'TABLE_NAME' | 'BUCKET_NAME'>): SettlePorts => ({
  backups: backupStore(config),
  restores: restoreStore(config),
  locks: runLocks(config),
  objects: objectStore(config),
  log: log(),
  now,
});

/** What it takes to start a run. */
export function startPorts(config: Of<'TABLE_NAME'> & { readonly WORKFLOW_FUNCTION: string }): StartPorts {
  return {
    databases: databaseStore(config),
    backups: backupStore(config),
    restores: restoreStore(config),
    locks: runLocks(config),
    workflows: workflows(config),
    log: log(),
    now,
  };
}

/** What the workers of a network work on. */
export const workerPorts = (config: Of<'TABLE_NAME' | 'BUCKET_NAME' | 'MYSQL_CLIENT_ROOT'>) => ({
  backups: backupStore(config),
  restores: restoreStore(config),
  databases: databaseStore(config),
  locks: runLocks(config),
  secrets: secretStore(config),
  resolver: resolver(),
  connector: sqlConnector(config),
  objects: objectStore(config),
  log: log(),
  now,
});

let proberMade: Prober | undefined;
export function prober(config: Workers): Prober {
  proberMade ??= lambdaProber(lambdaAnswerClient(), config.WORKERS);
  return proberMade;
}

let resolverMade: Resolver | undefined;
export function resolver(): Resolver {
  resolverMade ??= dnsResolver();
  return resolverMade;
}

let sqlConnectorMade: SqlConnector | undefined;
export function sqlConnector(config: Of<'MYSQL_CLIENT_ROOT'>): SqlConnector {
  sqlConnectorMade ??= mysqlConnector({ caFile: `${config.MYSQL_CLIENT_ROOT}/ca/bundle.pem` });
  return sqlConnectorMade;
}
