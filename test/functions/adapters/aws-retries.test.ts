import { createServer, type ServerResponse } from 'node:http';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  dynamoDbClient,
  lambdaAnswerClient,
  s3Client,
  secretsManagerClient,
} from '../../../functions/adapters/aws-clients.ts';
import { s3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import { secretsManagerStore } from '../../../functions/adapters/secrets-store.ts';
import { type LoopbackServer, listen } from '../../../local/loopback.ts';
import { aPart, sourceOf } from '../../fixtures/parts.ts';
import { useEndpoint } from '../../fixtures/s3-bucket.ts';

const json = (status: number, type?: string) => (response: ServerResponse) =>
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify(type === undefined ? {} : { __type: type, message: '' }));
const slowDown = (response: ServerResponse) =>
  response
    .writeHead(503)
    .end('<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>');
const hangUp = (response: ServerResponse) => response.destroy();

/** Answers of the endpoint in order; the last one stays. */
let answers: ((response: ServerResponse) => unknown)[] = [];
let paths: string[] = [];
let server: LoopbackServer;
let restore: () => void;

beforeAll(async () => {
  const endpoint = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume().on('end', () => (answers.length > 1 ? answers.shift() : answers[0])?.(response));
  });
  server = await listen(endpoint, 0);
  restore = useEndpoint(server.url);
});
beforeEach(() => {
  paths = [];
});
afterAll(async () => {
  restore();
  await server.close();
});

const item = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } });
const put = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' });

it.each([
  ['throttled', json(400, 'ThrottlingException')],
  ['out of service', json(500, 'InternalServerError')],
  ['cut off', hangUp],
])('asks DynamoDB again when it is %s', async (_, disturbance) => {
  answers = [disturbance, disturbance, json(200)];
  await dynamoDbClient().send(item);
  expect(paths).toHaveLength(3);
});

/** The clients wait between attempts, by chance for seconds. */
const BACK_OFF_MS = 30_000;

it(
  'stops asking DynamoDB after four attempts',
  async () => {
    answers = [json(400, 'ThrottlingException')];
    await expect(dynamoDbClient().send(item)).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(paths).toHaveLength(4);
  },
  BACK_OFF_MS,
);

it(
  'asks S3 again when it says SlowDown or cuts off, in path style',
  async () => {
    answers = [slowDown, hangUp, (response) => response.writeHead(200).end()];
    await s3Client().send(put);
    expect(paths).toEqual(Array(3).fill('/b/k?x-id=PutObject'));
  },
  BACK_OFF_MS,
);

it('does not ask S3 again where the answer is an answer', async () => {
  answers = [(response) => response.writeHead(412).end()];
  await expect(s3Client().send(new HeadObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toThrow();
  expect(paths).toHaveLength(1);
});

it('asks a prober once', async () => {
  answers = [json(500, 'ServiceException')];
  await expect(lambdaAnswerClient().send(new InvokeCommand({ FunctionName: 'f' }))).rejects.toThrow();
  expect(paths).toHaveLength(1);
});

it.each([
  ['it hangs up', hangUp, 'secrets_unreachable', 3],
  ['it is out of service', json(500, 'InternalServiceError'), 'secrets_unreachable', 3],
  ['the secret is gone', json(400, 'ResourceNotFoundException'), 'secret_unusable', 1],
  ['the secret is forbidden', json(400, 'AccessDeniedException'), 'secret_unusable', 1],
])('tells the secret store from the secret when %s', async (_, answer, code, attempts) => {
  answers = [answer];
  const store = secretsManagerStore(secretsManagerClient(), 'p');
  await expect(store.read('arn')).rejects.toMatchObject({ code });
  expect(paths).toHaveLength(attempts);
});

describe('an upload whose time is over', () => {
  const silence = () => undefined;
  const begun = (response: ServerResponse) =>
    response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
  const taken = (response: ServerResponse) => response.setHeader('etag', '"e"').end();
  const gone = (response: ServerResponse) =>
    response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>');

  it.each([
    ['beginning', 1, [silence]],
    ['part', 2, [begun, silence, gone]],
    ['completion', 3, [begun, taken, silence, gone]],
  ])('does not wait for the answer to its %s', async (_, requests, given) => {
    answers = [...given];
    await expectAnEnd(requests);
  });

  it('waits only a while for the removal of its parts', async () => {
    answers = [begun, silence];
    const { timeout } = AbortSignal;
    const asked: number[] = [];
    AbortSignal.timeout = (ms) => {
      asked.push(ms);
      return AbortSignal.abort();
    };
    await expectAnEnd(2);
    AbortSignal.timeout = timeout;
    // Less than the five seconds in which a cancelled run has ended.
    expect(asked).toEqual([4_000]);
  });

  /** @param requests after so many, the last of which nobody answers, the time is over */
  async function expectAnEnd(requests: number): Promise<void> {
    const time = new AbortController();
    const store = s3ObjectStore({ s3: s3Client(), name: 'b' });
    const writing = store.writeParts('k', sourceOf(aPart(1, 10)), time.signal);
    const over = new Error('the time is over');
    const look = setInterval(() => paths.length === requests && time.abort(over), 5);
    await expect(writing).rejects.toMatchObject({ code: 'deadline_exceeded', cause: over });
    clearInterval(look);
  }
});
