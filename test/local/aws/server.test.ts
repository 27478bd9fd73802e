import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { GenerateRandomCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsFixture, startAws } from './aws-fixture.ts';

let aws: AwsFixture;
beforeAll(async () => {
  aws = await startAws({});
});
afterAll(() => aws.stop());

describe('the port of all services', () => {
  it('listens on the loopback address only', () => {
    expect(aws.client.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'dynamodb',
      () => new DynamoDBClient(aws.client).send(new TransactWriteItemsCommand({ TransactItems: [] })),
      'TransactWriteItems',
    ],
    ['kms', () => new KMSClient(aws.client).send(new ListKeysCommand()), 'ListKeys'],
    [
      'secretsmanager',
      () => new SecretsManagerClient(aws.client).send(new ListSecretsCommand()),
      'ListSecrets',
    ],
    ['lambda', () => new LambdaClient(aws.client).send(new ListFunctionsCommand()), '/2015-03-31/functions'],
  ])('refuses operations of %s that the product does not call, aloud', async (service, call, named) => {
    await expect(call()).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(named),
      $metadata: { httpStatusCode: 501 },
    });
    expect(aws.log.at(-1)).toContain(`does not emulate ${service}`);
  });

  it('looks at the signature before it looks at the service', async () => {
    const response = await fetch(aws.client.endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${aws.client.credentials.accessKeyId}/20270131/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00`,
        'x-amz-date': '20270131T120000Z',
      },
    });
    expect(response.status).toBe(403);
  });

  it.each([
    ['an unknown access key', { accessKeyId: 'AKIA0', secretAccessKey: 'x' }, 'UnrecognizedClientException'],
    ['a wrong secret', { secretAccessKey: 'x' }, 'InvalidSignatureException'],
  ])('refuses %s', async (_, wrong, name) => {
    const credentials = { ...aws.client.credentials, ...wrong };
    const kms = new KMSClient({ ...aws.client, credentials });
    await expect(kms.send(new GenerateRandomCommand({ NumberOfBytes: 1 }))).rejects.toMatchObject({ name });
  });
});
