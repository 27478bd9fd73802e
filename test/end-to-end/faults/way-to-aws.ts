/** A way to the services of AWS on which the N-th call of a run fails. One call of an SDK is one, with its repetitions. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aimAtCalls, type FaultKind, type FaultyWay } from './kinds.ts';

export interface FaultyAws extends FaultyWay {
  /** The variables of a function that make its SDK take this way. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where the services are. */
  lead(awsUrl: string): void;
}

/** Each service has a variable of its own; the one for all of them is set by the runtime. */
const SERVICES = ['S3', 'DYNAMODB', 'LAMBDA', 'SECRETS_MANAGER', 'KMS'];

export async function startFaultyAws(): Promise<FaultyAws> {
  let port = '';
  const aim = aimAtCalls();
  /** By the id that an SDK gives to all attempts of a call. */
  const calls = new Map<string, { readonly number: number; attempts: number }>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, answer) => {
    const id = String(incoming.headers['amz-sdk-invocation-id']);
    const call = calls.get(id) ?? { number: aim.count(nameOf(incoming)), attempts: 0 };
    call.attempts += 1;
    calls.set(id, call);
    const fate = aim.fateOf(call.number, call.attempts);
    const way = { incoming, answer, agent, port, isEven: call.number % 2 === 0 };
    incoming.on('error', () => undefined);
    answer.on('error', () => undefined);
    if (fate === undefined) pass(way, Number.POSITIVE_INFINITY);
    else STRIKES[fate](way);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    ...aim,
    aim: (shot) => {
      calls.clear();
      aim.aim(shot);
    },
    port: own,
    settings: Object.fromEntries(
      SERVICES.map((name) => [`AWS_ENDPOINT_URL_${name}`, `http://127.0.0.1:${own}`]),
    ),
    lead: (awsUrl) => {
      port = new URL(awsUrl).port;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

interface Way {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly agent: Agent;
  readonly port: string;
  /** Errors are told in two ways: no connection, and an answer that says so. */
  readonly isEven: boolean;
}

const STRIKES: Readonly<Record<FaultKind, (way: Way) => void>> = {
  error: ({ incoming, answer, isEven }) => {
    if (isEven)
      refuse(incoming, answer, 500, serviceOf(incoming) === 's3' ? 'InternalError' : 'InternalFailure');
    else incoming.socket.resetAndDestroy();
  },
  timeout: ({ incoming }) => void incoming.resume(),
  'answer lost': (way) => pass(way, 0),
  'cut stream': (way) => {
    const length = Number(way.incoming.headers['content-length'] ?? 0);
    if (length < LARGE_BYTES) return pass(way, 0.5);
    // Half of a large body arrives.
    let bytes = 0;
    const onward = request(targetOf(way));
    onward.on('error', () => undefined);
    way.incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes < length / 2) return onward.write(chunk);
      onward.destroy();
      way.incoming.socket.resetAndDestroy();
    });
  },
  throttled: ({ incoming, answer }) => {
    const [status, code] = THROTTLED[serviceOf(incoming)] ?? [400, 'ThrottlingException'];
    refuse(incoming, answer, status, code);
  },
};

/** Bodies of JSON are smaller. */
const LARGE_BYTES = 64 * 1024;

/**
 * How services tell that they are asked too much.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html SlowDown
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
 */
const THROTTLED: Readonly<Record<string, readonly [number, string]>> = {
  s3: [503, 'SlowDown'],
  dynamodb: [400, 'ProvisionedThroughputExceededException'],
  lambda: [429, 'TooManyRequestsException'],
};

const targetOf = ({ incoming, agent, port }: Way) => ({
  host: '127.0.0.1',
  port,
  agent,
  method: incoming.method,
  path: incoming.url,
  // The signature covers the name of the host that the caller knows.
  headers: incoming.headers,
  setHost: false,
});

/** @param share how much of the answer arrives: all where it is infinite, nothing at 0; then the connection breaks */
function pass(way: Way, share: number): void {
  const { incoming, answer } = way;
  const onward = request(targetOf(way), (response) => {
    const { statusCode = 500, statusMessage = '', rawHeaders } = response;
    if (share === Number.POSITIVE_INFINITY) {
      answer.writeHead(statusCode, statusMessage, rawHeaders);
      response.pipe(answer);
      response.on('aborted', () => answer.destroy());
      return;
    }
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      const body = Buffer.concat(chunks);
      if (share === 0) return incoming.socket.resetAndDestroy();
      if (body.length === 0) {
        incoming.socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\nx-amz-`);
      } else {
        answer.writeHead(statusCode, statusMessage, rawHeaders);
        answer.write(body.subarray(0, body.length * share));
      }
      // Not reset, which would take back what was sent.
      setImmediate(() => incoming.socket.destroySoon());
    });
  });
  onward.on('error', () => answer.destroy());
  incoming.on('aborted', () => onward.destroy());
  incoming.pipe(onward);
}

function refuse(incoming: IncomingMessage, answer: ServerResponse, status: number, code: string): void {
  incoming.resume();
  const isXml = serviceOf(incoming) === 's3';
  const body = isXml
    ? `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>struck</Message></Error>`
    : JSON.stringify({ __type: code, message: 'struck' });
  answer.writeHead(status, {
    'content-type': isXml ? 'application/xml' : 'application/x-amz-json-1.1',
    ...(isXml ? {} : { 'x-amzn-errortype': code }),
  });
  answer.end(incoming.method === 'HEAD' ? undefined : body);
}

/** As the scope of the signature names it. */
const serviceOf = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';

function nameOf(incoming: IncomingMessage): string {
  const target = incoming.headers['x-amz-target'];
  const what =
    typeof target === 'string' ? target.split('.').at(-1) : `${incoming.method} ${placeOf(incoming)}`;
  return `${serviceOf(incoming)}:${what}`;
}

/** What tells operations apart, without ids. */
const placeOf = ({ url = '' }: IncomingMessage): string =>
  url
    .replaceAll(/(bk|rs|db)_[0-9A-Z]{26}/g, '$1')
    .replaceAll(/(=|%3A|\/)[^&?/]{20,}/g, '$1…')
    .slice(0, 160);
