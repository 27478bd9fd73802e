import { mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { startHttpApi } from '../../../local/http-api/server.ts';
import { startFunctions } from '../../../local/lambda/functions.ts';
import { openLogFile } from '../../../local/lambda/log-file.ts';
import { readStack } from '../../../local/template/model.ts';
import { type StackFixture, writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { waitUntil } from '../wait-until.ts';

/** Answers what the query asks for, else the event itself. */
const CODE = `export const handler = async (event) => {
  const ask = event.queryStringParameters ?? {};
  if (ask.ms) await new Promise((resolve) => setTimeout(resolve, Number(ask.ms)));
  if (ask.throws) throw new Error('not for the caller');
  if (ask.returns) return JSON.parse(ask.returns);
  return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) };
};`;

async function start(fixture: StackFixture) {
  const model = readStack(writeAssembly(fixture));
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tmp'));
  const functions = startFunctions({
    models: model.functions,
    region: model.region,
    awsUrl: 'http://127.0.0.1:1',
    credentialsOf: () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
    logFolder: folder,
    temporaryFolder: join(folder, 'tmp'),
    queueFile: join(folder, 'queue.sqlite'),
  });
  if (model.httpApi === undefined) throw new Error('the fixture has no API');
  const accessLog = openLogFile(folder, 'access');
  const server = await startHttpApi({
    api: model.httpApi,
    accountId: model.accountId,
    functions,
    port: 0,
    accessLog,
  });
  const stop = async () => {
    await server.close();
    await functions.stop();
    await accessLog.close();
  };
  return { url: server.url, stop, accessLogFile: join(folder, 'access.log') };
}

describe('the HTTP API', () => {
  let api: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    api = await start({
      functions: {
        other: { code: CODE },
        things: {
          code: CODE,
          routes: ['GET /things/{id}', 'POST /things', 'GET /answer'],
          properties: { Timeout: 20 },
        },
      },
      resources: {
        // The policy of its function names other routes.
        closed: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: { Ref: 'api' },
            RouteKey: 'GET /closed',
            Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'closedIntegration' }]] },
          },
        },
        closedIntegration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: { Ref: 'api' },
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: { 'Fn::GetAtt': ['other', 'Arn'] },
            PayloadFormatVersion: '2.0',
          },
        },
        closedPermission: {
          Type: 'AWS::Lambda::Permission',
          Properties: {
            Action: 'lambda:InvokeFunction',
            FunctionName: { 'Fn::GetAtt': ['other', 'Arn'] },
            Principal: 'apigateway.amazonaws.com',
            SourceArn: { 'Fn::Join': ['', ['arn:aws:execute-api:*:*:', { Ref: 'api' }, '/*/*/closed/{id}']] },
          },
        },
      },
      stage: { AccessLogSettings: { DestinationArn: 'x', Format: '$context.routeKey $context.status' } },
    });
  });
  afterAll(() => api.stop());

  const event = async (path: string, options: RequestInit = {}) =>
    JSON.parse(await (await fetch(api.url + path, options)).text());
  const returned = (value: unknown) =>
    fetch(`${api.url}/answer?returns=${encodeURIComponent(JSON.stringify(value))}`);

  it('calls no function whose own policy does not name the route', async () => {
    const answer = await fetch(`${api.url}/closed`);
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it('hands a request on in payload format 2.0', async () => {
    const got = await event('/things/a%20b?x=1&y=2&x=%C3%A4', {
      headers: { 'X-Custom': 'One', cookie: 'a=1; b=2', 'user-agent': 'jest' },
    });
    expect(got).toMatchObject({
      version: '2.0',
      routeKey: 'GET /things/{id}',
      rawPath: '/things/a b',
      rawQueryString: 'x=1&y=2&x=%C3%A4',
      queryStringParameters: { x: '1,ä', y: '2' },
      pathParameters: { id: 'a b' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
      headers: { 'x-custom': 'One', 'x-forwarded-for': '127.0.0.1' },
      requestContext: {
        accountId: '000000000000',
        stage: '$default',
        routeKey: 'GET /things/{id}',
        http: {
          method: 'GET',
          path: '/things/a b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'jest',
        },
      },
    });
    expect(got.headers.cookie).toBeUndefined();
    expect(got.body).toBeUndefined();
    expect(Math.abs(Date.now() - got.requestContext.timeEpoch)).toBeLessThan(20_000);
    expect(got.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  });

  it.each([
    ['application/json', '{"a":"ä"}', false],
    ['application/problem+json; charset=utf-8', '{}', false],
    ['text/plain', 'text', false],
    ['application/octet-stream', 'bytes', true],
    ['application/x-www-form-urlencoded', 'a=1', true],
  ])('hands a body of %s on', async (type, body, isBase64Encoded) => {
    const got = await event('/things', { method: 'POST', body, headers: { 'content-type': type } });
    expect(got.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(got.body, isBase64Encoded ? 'base64' : 'utf8').toString()).toBe(body);
  });

  it('joins headers that come twice', async () => {
    const text = await new Promise<string>((done, failed) => {
      const sent = request(`${api.url}/things/1`, { headers: { 'x-twice': ['a', 'b'] } }, (response) => {
        response.setEncoding('utf8');
        let body = '';
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => done(body));
      });
      sent.on('error', failed);
      sent.end();
    });
    expect(JSON.parse(text).headers['x-twice']).toMatch(/^a, ?b$/);
  });

  it.each<[string, unknown, { status: number; type: string | null; body: string }]>([
    ['a text', 'hello', { status: 200, type: 'application/json', body: 'hello' }],
    ['an object without status', { a: 1 }, { status: 200, type: 'application/json', body: '{"a":1}' }],
    ['a status alone', { statusCode: 204 }, { status: 204, type: 'text/plain; charset=utf-8', body: '' }],
    [
      'a status, headers and a body',
      { statusCode: 409, headers: { 'Content-Type': 'application/problem+json' }, body: '{}' },
      { status: 409, type: 'application/problem+json', body: '{}' },
    ],
    [
      'bytes as base64',
      { statusCode: 200, headers: { 'content-type': 'image/png' }, body: 'iVBORw==', isBase64Encoded: true },
      { status: 200, type: 'image/png', body: Buffer.from('iVBORw==', 'base64').toString() },
    ],
  ])('answers %s', async (_, value, { status, type, body }) => {
    const response = await returned(value);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('apigw-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('sets each cookie in a header of its own', async () => {
    const response = await returned({ statusCode: 200, cookies: ['a=1; Path=/', 'b=2'] });
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
  });

  it.each([
    ['an unknown path', '/nowhere', 404, 'Not Found'],
    ['what a function throws', '/answer?throws=1', 500, 'Internal Server Error'],
    ['an answer that is none', '/answer?returns={"statusCode":"many"}', 500, 'Internal Server Error'],
    [
      'a header that HTTP does not allow',
      `/answer?returns=${encodeURIComponent('{"statusCode":200,"headers":{"x":"a\\nb"}}')}`,
      500,
      'Internal Server Error',
    ],
  ])('answers %s by itself', async (_, path, status, message) => {
    const response = await fetch(api.url + path);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message });
  });

  it('refuses a body over 10 MB', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024 + 1);
    const response = await fetch(`${api.url}/things`, { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  it('writes the access log in the format of the template', async () => {
    await fetch(`${api.url}/things/9`);
    await fetch(`${api.url}/nowhere`);
    const lines = () => readFileSync(api.accessLogFile, 'utf8').trim().split('\n');
    await waitUntil(() => lines().at(-1) === '- 404', 'both lines are written');
    expect(lines().slice(-2)).toEqual(['GET /things/{id} 200', '- 404']);
  });
});

describe('limits of the HTTP API', () => {
  it('are those of the stage and of the integration', async () => {
    const integration = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['slow', 'Arn'] },
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 300,
      },
    };
    const api = await start({
      functions: { slow: { code: CODE, routes: ['GET /slow', 'GET /often'], properties: { Timeout: 20 } } },
      stage: {
        DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 100 },
        RouteSettings: { 'GET /often': { ThrottlingRateLimit: 0.01, ThrottlingBurstLimit: 2 } },
      },
      resources: { slowIntegration: integration },
    });
    const late = await fetch(`${api.url}/slow?ms=10000`);
    expect(late.status).toBe(503);
    expect(await late.json()).toEqual({ message: 'Service Unavailable' });
    const statuses = [];
    for (let call = 0; call < 4; call += 1)
      statuses.push((await fetch(`${api.url}/often?returns="x"`)).status);
    expect(statuses.slice(2)).toEqual([429, 429]);
    await api.stop();
  });
});
