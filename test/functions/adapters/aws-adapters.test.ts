import { GenerateMacCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { kmsTokenHasher } from '../../../functions/adapters/kms-token-hasher.ts';
import { lambdaProber } from '../../../functions/adapters/lambda-prober.ts';
import { lambdaWorkflows } from '../../../functions/adapters/lambda-workflows.ts';
import { s3AuditLog } from '../../../functions/adapters/s3-audit-log.ts';
import { s3DownloadLinks } from '../../../functions/adapters/s3-download-links.ts';
import { secretsManagerStore } from '../../../functions/adapters/secrets-store.ts';
import { newBackupId, newDatabaseId, newRestoreId } from '../../../functions/core/ids.ts';
import { memoryObjects } from '../../ports/memory-objects.ts';

const region = { region: 'us-east-1' };
const away = Object.assign(new Error('connect ETIMEDOUT'), { name: 'TimeoutError' });

describe('kmsTokenHasher', () => {
  const client = new KMSClient(region);
  const kms = mockClient(client);
  const hasher = kmsTokenHasher(client, 'key-1');

  it('asks KMS for an HMAC of the secret', async () => {
    kms.on(GenerateMacCommand).resolves({ Mac: Uint8Array.of(1, 255) });
    expect(await hasher.hash('abc')).toBe('01ff');
    expect(kms.commandCalls(GenerateMacCommand)[0]?.args[0].input).toEqual({
      KeyId: 'key-1',
      MacAlgorithm: 'HMAC_SHA_256',
      Message: Buffer.from('abc'),
    });
  });

  it('is unavailable when KMS is, or answers nothing', async () => {
    kms.on(GenerateMacCommand).resolves({});
    await expect(hasher.hash('abc')).rejects.toMatchObject({ code: 'unavailable' });
    kms.on(GenerateMacCommand).rejects(away);
    await expect(hasher.hash('abc')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('lambdaWorkflows', () => {
  const client = new LambdaClient(region);
  const lambda = mockClient(client);
  const workflows = lambdaWorkflows(client, 'workflow:live');
  const [backup, restore] = [newBackupId(), newRestoreId()];

  it.each([
    [{ version: 1, kind: 'backup', runId: backup, network: 'office' }, backup],
    [{ version: 1, kind: 'restore', runId: restore, network: 'office' }, restore],
    [{ version: 1, kind: 'expire', runId: backup }, undefined],
    [
      { version: 1, kind: 'verify', runId: backup, attempt: 2, requestedAt: '2026-11-23T05:00:00.007Z' },
      `${backup}-verify-2-1795410000007`,
    ],
  ] as const)('starts %p without waiting for it, a run once under its id', async (job, name) => {
    lambda.reset();
    lambda.on(InvokeCommand).resolves({ StatusCode: 202 });
    await workflows.start(job);
    const [call] = lambda.commandCalls(InvokeCommand);
    const { Payload, ...input } = call?.args[0].input ?? {};
    expect(input).toEqual({
      FunctionName: 'workflow:live',
      InvocationType: 'Event',
      ...(name !== undefined && { DurableExecutionName: name }),
    });
    expect(JSON.parse(String(Payload))).toEqual(job);
  });

  it('tells when Lambda is away', async () => {
    lambda.on(InvokeCommand).rejects(away);
    await expect(workflows.start({ version: 1, kind: 'expire', runId: backup })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('lambdaProber', () => {
  const client = new LambdaClient(region);
  const lambda = mockClient(client);
  const prober = lambdaProber(client, { office: { probe: 'probe-office' } });
  const answer = (payload: unknown, more = {}) =>
    lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(JSON.stringify(payload)) as never, ...more });

  it('hands on what the prober reports', async () => {
    const report = { ok: false, latencyMs: 3, failure: { code: 'tls_failed', reason: 'r', hint: 'h' } };
    answer(report);
    expect(await prober.probe(newDatabaseId(), 'office')).toEqual(report);
  });

  it.each([
    ['it crashed', { errorMessage: 'x' }, { FunctionError: 'Unhandled' }],
    ['it answered something else', { fine: true }, {}],
    ['it named a code that there is not', { ok: false, failure: { code: 'x', reason: '', hint: '' } }, {}],
  ])('is unavailable when %s', async (_, payload, more) => {
    answer(payload, more);
    await expect(prober.probe(newDatabaseId(), 'office')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is unavailable when Lambda is away or the answer is empty', async () => {
    lambda.on(InvokeCommand).resolves({});
    await expect(prober.probe(newDatabaseId(), 'office')).rejects.toMatchObject({ code: 'unavailable' });
    lambda.on(InvokeCommand).rejects(away);
    await expect(prober.probe(newDatabaseId(), 'office')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(prober.probe(newDatabaseId(), 'moon')).rejects.toMatchObject({ code: 'host_refused' });
  });
});

describe('secretsManagerStore', () => {
  const client = new SecretsManagerClient(region);
  const manager = mockClient(client);
  const store = secretsManagerStore(client, 'safebase');
  const named = (name: string) =>
    new SecretsManagerServiceException({ name, $fault: 'client', $metadata: {}, message: 'canary' });
  beforeEach(() => manager.reset());

  it('makes, changes, reads and removes secrets under its prefix', async () => {
    const secret = { username: 'u', password: 'p"\n' };
    manager.on(CreateSecretCommand).resolves({ ARN: 'arn:1' });
    manager.on(PutSecretValueCommand).resolves({});
    manager.on(DeleteSecretCommand).resolves({});
    manager
      .on(GetSecretValueCommand)
      .resolves({ SecretString: JSON.stringify({ ...secret, engine: 'mysql' }) });
    expect(await store.create('db_1/x', secret)).toBe('arn:1');
    expect(await store.read('arn:1')).toEqual(secret);
    await store.replace('arn:1', secret);
    await store.remove('arn:1');
    expect(manager.calls().map(({ args }) => args[0].input)).toMatchObject([
      { Name: 'safebase/db_1/x', SecretString: JSON.stringify(secret) },
      { SecretId: 'arn:1' },
      { SecretId: 'arn:1', SecretString: JSON.stringify(secret) },
      { SecretId: 'arn:1', ForceDeleteWithoutRecovery: true },
    ]);
  });

  it.each(['', 'plain text canary', '"canary"', '{}', '{"password":""}', '{"username":"canary"}', undefined])(
    'cannot use %p, and does not repeat it',
    async (SecretString) => {
      manager.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString });
      const failure = await store.read('arn:1').catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'secret_unusable' });
      expect(String(failure)).not.toContain('canary');
      expect(failure).not.toHaveProperty('cause');
    },
  );

  it('reads what a rotation has pending, where there is such', async () => {
    const pending = { SecretId: 'arn:1', VersionStage: 'AWSPENDING' };
    manager
      .on(GetSecretValueCommand, pending)
      .resolvesOnce({ SecretString: '{"password":"next"}' })
      .resolvesOnce({})
      .rejectsOnce(named('ResourceNotFoundException'))
      .rejects(named('AccessDeniedException'));
    expect(await store.readPending('arn:1')).toEqual({ password: 'next' });
    expect(await store.readPending('arn:1')).toBeUndefined();
    expect(await store.readPending('arn:1')).toBeUndefined();
    await expect(store.readPending('arn:1')).rejects.toMatchObject({ code: 'secret_unusable' });
  });

  it('does not mind that a secret is gone already, but that it stays', async () => {
    manager.on(DeleteSecretCommand).rejectsOnce(named('ResourceNotFoundException')).rejects(away);
    await store.remove('arn:1');
    await expect(store.remove('arn:1')).rejects.toMatchObject({ code: 'secrets_unreachable' });
  });
});

describe('s3DownloadLinks', () => {
  const s3 = new S3Client({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:9',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });

  it.each([
    ['shop.sql.zst', `attachment; filename="shop.sql.zst"; filename*=UTF-8''shop.sql.zst`],
    [
      `a"\r\nX: 'ü(*.zst`,
      `attachment; filename="a___X______.zst"; filename*=UTF-8''a%22%0D%0AX%3A%20%27%C3%BC%28%2A.zst`,
    ],
  ])('signs one version under the name %p for the time that is asked', async (fileName, disposition) => {
    const links = s3DownloadLinks({ s3, name: 'b' });
    const url = new URL(await links.sign({ key: 'k/x', versionId: 'v1', fileName }, 900));
    expect(url.pathname).toBe('/b/k/x');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      versionId: 'v1',
      'X-Amz-Expires': '900',
      'response-content-disposition': disposition,
    });
  });
});

it('keeps audit entries by day, each in an object of its own', async () => {
  const objects = memoryObjects();
  const entry = {
    at: '2026-11-22T12:00:00.000Z',
    actor: 'iam',
    action: 'a',
    on: 'tok_1',
    result: 'done',
    requestId: 'r',
  } as const;
  await s3AuditLog(objects).record(entry);
  await s3AuditLog(objects).record(entry);
  const keys = [...objects.stored.keys()];
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^audit\/2026\/11\/22\/[0-9A-Z]{26}\.json /);
  expect(JSON.parse(String(objects.stored.get(keys[0] ?? '')))).toEqual(entry);
});
