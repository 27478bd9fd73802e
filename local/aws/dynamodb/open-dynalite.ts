import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import dynalite from 'dynalite';
import type { AwsAnswer, AwsRequest } from '../json-protocol.ts';

/** dynalite inside this process. It checks no signature, so it gets no port of its own. */
export interface Dynalite {
  answer(request: AwsRequest): Promise<AwsAnswer>;
  /** One operation by the cloud itself. @throws Error for any answer but success */
  call(operation: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** What is not answered by then never will be. */
const ANSWERS_MS = 1_000;

/**
 * @param folder of its LevelDB
 * @see https://github.com/architect/dynalite
 */
export function openDynalite(folder: string): Dynalite {
  const server = dynalite({ path: folder, createTableMs: 0 });
  const asked = new Set<Promise<AwsAnswer>>();
  // dynalite is a request listener: it gets requests whose bodies were read already, to verify their signatures.
  const answer = ({ method, url, headers, body }: AwsRequest): Promise<AwsAnswer> => {
    const answering = new Promise<AwsAnswer>((settle) => {
      const answerHeaders: Record<string, string> = {};
      const response = {
        statusCode: 200,
        setHeader: (name: string, value: unknown) => {
          answerHeaders[name.toLowerCase()] = String(value);
        },
        end: (text: string) => settle({ status: response.statusCode, headers: answerHeaders, body: text }),
      };
      server.emit('request', Object.assign(Readable.from([body]), { method, url, headers }), response);
    });
    asked.add(answering);
    return answering.finally(() => asked.delete(answering));
  };
  return {
    answer,
    call: async (operation, input) => {
      const { status, body } = await answer(ownRequest(operation, input));
      if (status === 200) return JSON.parse(body);
      throw new Error(`DynamoDB ${operation}: ${body}`);
    },
    close: async () => {
      // It throws where nobody catches if its store is gone amid an answer.
      await Promise.race([Promise.all(asked), sleep(ANSWERS_MS)]);
      // Only a server that listens closes its store; nobody can connect between the two calls.
      await new Promise<void>((closed) => server.listen(0, '127.0.0.1', () => server.close(() => closed())));
    },
  };
}

/** dynalite wants to see a signature, and does not look into it. */
const ownRequest = (operation: string, input: unknown): AwsRequest => ({
  method: 'POST',
  url: '/',
  headers: {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=local, Signature=local',
    'x-amz-date': '20200101T000000Z',
  },
  body: Buffer.from(JSON.stringify(input)),
});
