import { newDatabaseId, newTokenId } from '../../../functions/core/ids.ts';
import type { Role } from '../../../functions/core/ports.ts';
import { type ErrorCode, SafeBaseError } from '../../../functions/errors.ts';
import { type Answers, httpHandler } from '../../../functions/middleware/http-handler.ts';
import { apiCall, lambdaContext } from '../../fixtures/api-call.ts';
import { aDatabase } from '../../fixtures/records.ts';
import { recordingLog } from '../../ports/recorders.ts';

const id = newDatabaseId();

/** A handler of databases whose answers are these, and what it logged. */
function handlerOf(answers: Partial<Answers<'api-databases'>> = {}, role: Role = 'admin') {
  const seen: unknown[] = [];
  const note = async (request: unknown) => {
    seen.push(request);
    return { status: 200 as const, body: { ...aDatabase(), items: [] } };
  };
  const log = recordingLog();
  const authenticate = async () => ({ tokenId: newTokenId(), role });
  const handler = httpHandler<'api-databases'>(
    { log, authenticate },
    {
      'POST /databases': note,
      'GET /databases': note,
      'GET /databases/{id}': note,
      'PUT /databases/{id}': note,
      'DELETE /databases/{id}': note,
      'POST /databases/{id}/test': note,
      'GET /databases/{id}/grants': note,
      ...answers,
    },
  );
  const send = async (...call: Parameters<typeof apiCall>) => {
    const response = await handler(apiCall(...call), lambdaContext());
    return { ...response, json: JSON.parse(response.body ?? 'null') };
  };
  return { send, seen, log };
}

const given = {
  name: 'shop',
  host: 'db.example.com',
  backupCredentials: { username: 'backup', password: 'canary-pw' },
};
const post = (body: unknown, headers = {}) =>
  handlerOf().send('POST /databases', {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });

describe('a request', () => {
  it('reaches its answer parsed, with defaults', async () => {
    const { send, seen } = handlerOf();
    await send('POST /databases', { body: JSON.stringify(given) });
    await send('GET /databases', { query: { limit: '7' } });
    await send('PUT /databases/{id}', {
      id,
      body: JSON.stringify({ name: 'x', host: 'h' }),
      headers: { 'if-match': '"3"' },
    });
    expect(seen).toMatchObject([
      { body: { ...given, port: 3306, schemas: 'all', network: 'public', tls: { mode: 'verify' } } },
      { query: { limit: 7 }, principal: { role: 'admin' } },
      { id, ifMatch: '"3"', body: { name: 'x' } },
    ]);
  });

  it('is taken in base64 too', async () => {
    const { send } = handlerOf();
    const body = Buffer.from(JSON.stringify(given)).toString('base64');
    expect(await send('POST /databases', { body, base64: true })).toMatchObject({ statusCode: 200 });
    const broken = Buffer.from('"\xff"', 'latin1').toString('base64');
    expect(await send('POST /databases', { body: broken, base64: true })).toMatchObject({
      statusCode: 400,
      json: { code: 'malformed_json' },
    });
  });

  it.each([
    ['no body', '', 400, 'invalid_request'],
    ['half a body', '{"name":', 400, 'malformed_json'],
    ['a list', '[]', 400, 'invalid_request'],
    ['null', 'null', 400, 'invalid_request'],
    ['65 KB', JSON.stringify({ ...given, name: 'x'.repeat(65 * 1024) }), 413, 'body_too_large'],
    ['a nest of 30,000 lists', '['.repeat(30_000), 400, 'malformed_json'],
    ['an unknown field', { ...given, version: 3 }, 400, 'invalid_request'],
    ['a field of the record', { ...given, id: newDatabaseId() }, 400, 'invalid_request'],
    ['__proto__', '{"__proto__":{"name":"x"}}', 400, 'invalid_request'],
    ['constructor', { ...given, constructor: {} }, 400, 'invalid_request'],
    ['a nested unknown field', { ...given, tls: { mode: 'off', x: 1 } }, 400, 'invalid_request'],
    ['a number as name', { ...given, name: 1 }, 400, 'invalid_request'],
    ['port 0', { ...given, port: 0 }, 400, 'invalid_request'],
    ['port 65536', { ...given, port: 65_536 }, 400, 'invalid_request'],
    ['port 1.5', { ...given, port: 1.5 }, 400, 'invalid_request'],
    ['a port as text', { ...given, port: '3306' }, 400, 'invalid_request'],
    ['a name with a quote', { ...given, name: "a'b" }, 400, 'invalid_request'],
    ['a name with a double quote', { ...given, name: 'a"b' }, 400, 'invalid_request'],
    ['a name with a line end', { ...given, name: 'a\nb' }, 400, 'invalid_request'],
    ['a name with a backtick', { ...given, name: 'a`b' }, 400, 'invalid_request'],
    ['a name with a 4-byte character', { ...given, name: 'a😀' }, 400, 'invalid_request'],
    ['a name with half of one', '{"name":"\\ud83d"}', 400, 'invalid_request'],
    ['a schema with a backtick', { ...given, schemas: ['a`b'] }, 400, 'invalid_request'],
    ['a schema with a 4-byte character', { ...given, schemas: ['😀'] }, 400, 'invalid_request'],
    ['a schema of 65 characters', { ...given, schemas: ['x'.repeat(65)] }, 400, 'invalid_request'],
    ['a schema of the server', { ...given, schemas: ['MySQL'] }, 400, 'invalid_request'],
    ['no schema', { ...given, schemas: [] }, 400, 'invalid_request'],
    ['a schema twice', { ...given, schemas: ['a', 'a'] }, 400, 'invalid_request'],
    ['a host with a line end', { ...given, host: 'a\r\nb' }, 400, 'invalid_request'],
    ['a password without user', { ...given, backupCredentials: { password: 'x' } }, 400, 'invalid_request'],
    ['no credentials', { ...given, backupCredentials: {} }, 400, 'invalid_request'],
    [
      'two kinds of credentials',
      { ...given, backupCredentials: { ...given.backupCredentials, secretArn: 'arn:x' } },
      400,
      'invalid_request',
    ],
    [
      'an ARN of something else',
      { ...given, backupCredentials: { secretArn: 'arn:aws:s3:::b' } },
      400,
      'invalid_request',
    ],
  ])('with %s is refused with code and hint', async (_, body, status, code) => {
    const answer = await post(body);
    expect(answer).toMatchObject({
      statusCode: status,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      json: { type: `urn:safebase:error:${code}`, status, code, requestId: 'request-1' },
    });
    expect(answer.json.title && answer.json.detail && answer.json.hint).toBeTruthy();
    expect(Object.keys(answer.json).sort()).toEqual([
      'code',
      'detail',
      'hint',
      'requestId',
      'status',
      'title',
      'type',
    ]);
    expect(answer.body).not.toContain('canary-pw');
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a type that only begins alike', { 'content-type': 'application/jsonx' }],
  ])('with a body of %s is refused', async (_, headers) => {
    expect(await post(given, headers)).toMatchObject({ statusCode: 400, json: { code: 'malformed_json' } });
  });

  it.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', '1e1'],
    ['limit', ' 5'],
    ['cursor', ''],
    ['other', '1'],
  ])('with the query %s=%p is refused', async (name, value) => {
    const answer = await handlerOf().send('GET /databases', { query: { [name]: value } });
    expect(answer).toMatchObject({ statusCode: 400, json: { code: 'invalid_request' } });
  });

  it.each(['db_x', 'bk_01J00000000000000000000000', '../x', "db_'", `${id}x`])(
    'for the id %p is answered 404 before anything is asked',
    async (other) => {
      const { send, seen } = handlerOf();
      const answer = await send('GET /databases/{id}', { id: other });
      expect(answer).toMatchObject({ statusCode: 404, json: { code: 'not_found' } });
      expect(seen).toEqual([]);
    },
  );

  it('with a long text takes no long time', async () => {
    const started = performance.now();
    for (const sign of ['a', '-', '.', 'a-', ' ', "'", '{"a":']) {
      await post({ ...given, host: sign.repeat(20_000), name: sign.repeat(20_000) });
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('an answer', () => {
  it('holds nothing that its route does not name, and the headers that keep it safe', async () => {
    const body = { ...aDatabase(), passwordHash: 'x', tls: { mode: 'verify', key: 'k' } };
    const { send } = handlerOf({ 'GET /databases/{id}': async () => ({ status: 200, body }) });
    const answer = await send('GET /databases/{id}', { id });
    expect(answer.json).not.toHaveProperty('passwordHash');
    expect(answer.json.tls).toEqual({ mode: 'verify' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('shows nothing of an error that is not ours, and logs it whole', async () => {
    const { send, log } = handlerOf({
      'GET /databases/{id}': async () => {
        throw new TypeError('canary: cannot read x of undefined');
      },
    });
    const answer = await send('GET /databases/{id}', { id });
    expect(answer).toMatchObject({ statusCode: 500, json: { code: 'internal', requestId: 'request-1' } });
    expect(answer.body).not.toMatch(/canary|TypeError|\.ts\b/);
    expect(log.lines[0]).toMatchObject({ message: 'request failed', fields: { requestId: 'request-1' } });
    expect(String(log.lines[0] && Object.values(log.lines[0].fields)[1])).toContain('canary');
  });

  it.each([
    ['run_active', 409],
    ['version_conflict', 412],
    ['precondition_required', 428],
    ['host_refused', 422],
    ['unavailable', 503],
    ['unauthenticated', 401],
  ] as const)('says %s with status %i and its details', async (code: ErrorCode, status) => {
    const { send } = handlerOf({
      'GET /databases/{id}': async () => {
        throw new SafeBaseError(code, 'why', {
          hint: 'do this',
          details: { runId: 'bk_1', status: 1, code: 'x' },
        });
      },
    });
    const answer = await send('GET /databases/{id}', { id });
    expect(answer).toMatchObject({
      statusCode: status,
      json: { code, status, detail: 'why', hint: 'do this', runId: 'bk_1' },
    });
    if (status === 401) expect(answer.headers).toMatchObject({ 'www-authenticate': 'Bearer' });
  });

  it('is logged in one line without body, query, token or header', async () => {
    const { send, log } = handlerOf();
    await send('POST /databases', {
      body: JSON.stringify(given),
      headers: { authorization: 'Bearer canary' },
    });
    await send('GET /databases', { query: { cursor: 'canary' } });
    expect(log.lines).toMatchObject([
      { message: 'request', fields: { route: 'POST /databases', status: 200, requestId: 'request-1' } },
      { message: 'request', fields: { route: 'GET /databases', status: 200 } },
    ]);
    expect(JSON.stringify(log.lines)).not.toMatch(/canary|db\.example/);
  });
});

describe('paths and methods', () => {
  const health = httpHandler<'api-health'>(
    { log: recordingLog() },
    { 'GET /health': async () => ({ status: 200, body: { status: 'ok' } }) },
  );
  const send = async (method: string, path: string) => {
    const call = apiCall('$default', { path });
    call.requestContext.http.method = method;
    return health(call, lambdaContext());
  };

  it('answers health to everybody', async () => {
    expect(await health(apiCall('GET /health'), lambdaContext())).toMatchObject({ statusCode: 200 });
  });

  it.each([
    ['GET', '/', 404, undefined],
    ['GET', '/databases/', 404, undefined],
    ['GET', '/debug', 404, undefined],
    ['GET', '/databases/x/y/z', 404, undefined],
    ['PATCH', '/databases', 405, 'GET, POST'],
    ['DELETE', '/databases', 405, 'GET, POST'],
    ['PATCH', '/databases/db_1', 405, 'DELETE, GET, PUT'],
    ['OPTIONS', '/backup/bk_1/download', 405, 'GET'],
    ['HEAD', '/restore/x', 405, 'GET, POST'],
    ['TRACE', '/health', 405, 'GET'],
  ])('answers %s %s with %i', async (method, path, status, allow) => {
    const answer = await send(method, path);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers?.allow).toBe(allow);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json; charset=utf-8' });
  });
});
