/** Requests signed by hand, to send what no SDK would: broken chunks, half bodies, unknown operations. */
import { createHash, createHmac } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as send } from 'node:http';
import { KEY } from './s3-fixture.ts';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payloadHash?: string;
}
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}
interface Signed {
  readonly headers: Record<string, string>;
  readonly signature: string;
  /** Signs a text with the key of the day. */
  readonly sign: (text: string) => string;
  readonly timestamp: string;
  readonly scope: string;
}

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function signRaw(url: string, request: RawRequest): Signed {
  const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const payloadHash = request.payloadHash ?? 'UNSIGNED-PAYLOAD';
  const headers: Record<string, string> = {
    ...request.headers,
    host: new URL(url).host,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': payloadHash,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    request.query ?? '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${KEY.secretAccessKey}`);
  const sign = (text: string) => hmac(key, text).toString('hex');
  const signature = sign(['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n'));
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers: { ...headers, authorization }, signature, sign, timestamp, scope };
}

/** Opens a signed request whose body is still to be written. */
export function openRaw(url: string, request: RawRequest): ClientRequest {
  const { headers } = signRaw(url, request);
  const query = request.query === undefined ? '' : `?${request.query}`;
  return send(url, { method: request.method, path: `${request.path}${query}`, headers });
}

export async function sendRaw(
  url: string,
  request: RawRequest,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  return answerTo(openRaw(url, request).end(body));
}

export function answerTo(request: ClientRequest): Promise<RawAnswer> {
  return new Promise((settle, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        settle({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
  });
}

/** A body in signed chunks, and the request that carries it. */
export async function sendSignedChunks(
  url: string,
  path: string,
  chunks: readonly string[],
  options: {
    readonly trailer?: readonly [name: string, value: string];
    readonly tamper?: (body: string) => string;
  },
): Promise<RawAnswer> {
  const { trailer, tamper = (body) => body } = options;
  const length = chunks.join('').length;
  const request: RawRequest = {
    method: 'PUT',
    path,
    payloadHash: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === undefined ? '' : '-TRAILER'}`,
    headers: {
      'x-amz-decoded-content-length': String(length),
      'content-encoding': 'aws-chunked',
      ...(trailer === undefined ? {} : { 'x-amz-trailer': trailer[0] }),
    },
  };
  const { headers, sign, signature, timestamp, scope } = signRaw(url, request);
  let previous = signature;
  const next = (kind: string, ...hashes: string[]): string => {
    previous = sign([`AWS4-HMAC-SHA256-${kind}`, timestamp, scope, previous, ...hashes].join('\n'));
    return previous;
  };
  let body = '';
  for (const chunk of [...chunks, '']) {
    body += `${chunk.length.toString(16)};chunk-signature=${next('PAYLOAD', sha256(''), sha256(chunk))}\r\n`;
    if (chunk !== '') body += `${chunk}\r\n`;
  }
  if (trailer !== undefined) {
    const line = `${trailer[0]}:${trailer[1]}`;
    body += `${line}\r\nx-amz-trailer-signature:${next('TRAILER', sha256(`${line}\n`))}\r\n`;
  }
  return answerTo(send(url, { method: 'PUT', path, headers }).end(tamper(`${body}\r\n`)));
}
