/** What operations answer, and how it is sent. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { AwsError } from '../aws-error.ts';
import type { BodyReader } from './body-folder.ts';
import { type XmlContent, xmlDocument } from './xml.ts';

export interface Answer {
  /** @default 200 */
  readonly status?: number;
  /** Those without a value are left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly xml?: readonly [root: string, content: XmlContent];
  /** Instead of XML. */
  readonly text?: string;
  /** Bytes of an object; the sender releases it. */
  readonly body?: BodyReader;
}

export async function sendAnswer(response: ServerResponse, answer: Answer, requestId: string): Promise<void> {
  const headers = Object.entries(answer.headers ?? {}).filter(([, value]) => value !== undefined);
  response.statusCode = answer.status ?? 200;
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('Server', 'AmazonS3');
  // Node writes headers as Latin-1: what a client sent as UTF-8 goes back as the same bytes.
  for (const [name, value] of headers)
    response.setHeader(name, Buffer.from(value ?? '', 'utf8').toString('latin1'));
  if (answer.body !== undefined) {
    try {
      await pipeline(answer.body.chunks, response);
    } finally {
      await answer.body.release();
    }
    return;
  }
  const text = answer.xml === undefined ? (answer.text ?? '') : xmlDocument(...answer.xml);
  if (answer.xml !== undefined) response.setHeader('Content-Type', 'application/xml');
  // The length of what GET would send stands in the answer to HEAD, and 204 and 304 have none.
  if (!response.hasHeader('Content-Length') && response.statusCode !== 204 && response.statusCode !== 304) {
    response.setHeader('Content-Length', Buffer.byteLength(text));
  }
  response.end(text);
}

/** @param path what the request was about, for the element Resource */
export function errorAnswer(error: AwsError, path: string, requestId: string): Answer {
  const { code, message, status, details } = error;
  const { headers, content } = splitDetails(details);
  const fields = { Code: code, Message: message, ...content, Resource: path, RequestId: requestId };
  return { status, headers, xml: ['Error', fields] };
}

/** Details in lower case are headers, such as `x-amz-delete-marker`. */
function splitDetails(details: Readonly<Record<string, string>>) {
  const entries = Object.entries(details);
  return {
    headers: Object.fromEntries(entries.filter(([name]) => name === name.toLowerCase())),
    content: Object.fromEntries(entries.filter(([name]) => name !== name.toLowerCase())),
  };
}
