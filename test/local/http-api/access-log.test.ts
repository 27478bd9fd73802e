import { accessLogLine } from '../../../local/http-api/access-log.ts';
import { gatewayAnswer, toAnswer } from '../../../local/http-api/answer.ts';

const request = {
  requestId: 'r-1',
  at: Date.UTC(2027, 0, 31, 12, 0, 5),
  method: 'GET',
  url: '/things/7?token=hidden',
  headers: { 'user-agent': 'a "quoted" agent' },
  body: Buffer.alloc(0),
  sourceIp: '127.0.0.1',
  protocol: 'HTTP/1.1',
};
const entry = {
  request,
  answer: toAnswer({ payload: '{"statusCode":201,"body":"abc"}' }),
  routeKey: 'GET /things/{id}',
  api: { id: 'api', stageName: '$default', accountId: '0' },
  latencyMs: 12,
};

describe('a line of the access log', () => {
  it('fills in the variables of the format', () => {
    const format =
      '{"t":"$context.requestTime","s":$context.status,"r":"$context.routeKey","n":$context.responseLength,"p":"$context.path","i":"$context.integration.status"}';
    expect(JSON.parse(accessLogLine(format, entry))).toEqual({
      t: '31/Jan/2027:12:00:05 +0000',
      s: 201,
      r: 'GET /things/{id}',
      n: 3,
      p: '/things/7',
      i: '201',
    });
  });

  it('keeps text within its field', () => {
    const line = accessLogLine('{"agent":"$context.identity.userAgent"}', entry);
    expect(JSON.parse(line)).toEqual({ agent: 'a "quoted" agent' });
  });

  it('says why the gateway itself answered, and - for what there is not', () => {
    const answer = gatewayAnswer(429, 'Rate exceeded');
    const format = '$context.status $context.error.responseType $context.integration.status $context.no.such';
    expect(accessLogLine(format, { ...entry, answer })).toBe('429 THROTTLED - -');
  });
});
