import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import type { AwsAnswer, AwsRequest } from '../json-protocol.ts';

/** dynalite inside this process. It checks no signature, so it gets no port of its own. */
export interface Dynalite {
  answer(request: AwsRequest): Promise<AwsAnswer>;
  /** One operation by the cloud itself. @throws Error for any answer but success */
  call(operation: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * @param folder of its LevelDB
 * @see https://github.com/architect/dynalite
 */
export function openDynalite(folder: string): Dynalite {
  const server = dynalite({ path: folder, createTableMs: 0 });
  // dynalite is a request listener: it gets requests whose bodies were read already, to verify their signatures.
  const answer = ({ method, url, headers, body }: AwsRequest): Promise<AwsAnswer> =>
    new Promise((settle) => {
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
  return {
    answer,
    call: async (operation, input) => {
      const { status, body } = await answer(ownRequest(operation, input));
      if (status === 200) return JSON.parse(body);
      throw new Error(`DynamoDB ${operation}: ${body}`);
    },
    // Only a server that listens closes its store; nobody can connect between the two calls.
    close: () => new Promise((closed) => server.listen(0, '127.0.0.1', () => server.close(() => closed()))),
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
