/** One loopback port for all AWS services: who signed, which service is meant, and whether the call is allowed. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { type LoopbackServer, listen } from '../loopback.ts';
import { type Authorize, usesOfSecretKey } from './authorize.ts';
import { AwsError } from './aws-error.ts';
import type { DynamoDb } from './dynamodb/dynamodb.ts';
import type { Use } from './identity-policy.ts';
import {
  type AwsAnswer,
  type AwsRequest,
  answerJson,
  errorAnswer,
  notEmulated,
  type Operations,
  operationOf,
  parseInput,
  send,
} from './json-protocol.ts';
import { type Targets, useOf } from './json-uses.ts';
import { answerLambda } from './lambda/lambda.ts';
import type { LambdaServices } from './lambda/lambda-services.ts';
import { readCredentialScope, verifySignature } from './sigv4.ts';

export interface AwsServices {
  /** S3 reads bodies as streams, so it verifies its signatures itself. */
  readonly s3: { handle(request: IncomingMessage, response: ServerResponse): Promise<void> | void };
  readonly dynamodb: DynamoDb;
  readonly kms: Operations;
  readonly secretsManager: Operations;
  /** The ARN of the KMS key that a secret was given, by any id of the secret. */
  readonly keyOfSecret: (id: string) => string | undefined;
  readonly lambda: LambdaServices;
}

interface ServerSetUp {
  /** 0 takes a free one. */
  readonly port: number;
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly authorize: Authorize;
  readonly targets: Targets;
  /** Told of failures of the emulation itself, and of calls that it does not know. */
  readonly log: (line: string) => void;
}

/** More than any operation of the JSON services takes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** @param services undefined while the cloud starts: functions are given this server's address before they exist */
export function startAwsServer(
  setUp: ServerSetUp,
  services: () => AwsServices | undefined,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    handle(request, response, setUp, services()).catch((error: unknown) => {
      const refusal =
        error instanceof AwsError ? error : new AwsError(500, 'InternalFailure', 'the local cloud failed');
      if (refusal.status >= 500) setUp.log(`${request.method} ${request.url}: ${describe(error)}`);
      if (response.headersSent) response.destroy();
      else send(response, errorAnswer(refusal));
    });
  });
  return listen(server, setUp.port);
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  setUp: ServerSetUp,
  services: AwsServices | undefined,
): Promise<void> {
  if (services === undefined) throw new AwsError(503, 'ServiceUnavailable', 'the local cloud is starting');
  const url = incoming.url ?? '/';
  const service = readCredentialScope(incoming.headers, url)?.service ?? 's3';
  if (service === 's3') return services.s3.handle(incoming, response);

  response.setHeader('x-amzn-requestid', randomUUID());
  const body = await readBody(incoming);
  const request = { method: incoming.method ?? 'GET', url, headers: incoming.headers, body };
  const accessKeyId = signer(request, incoming, setUp);
  const allow = (use: Use): void => setUp.authorize({ accessKeyId, ...use });
  send(response, await answer(service, request, services, setUp.targets, allow));
}

/** @throws AwsError with the codes of the JSON services, which differ from S3's */
function signer(request: AwsRequest, incoming: IncomingMessage, setUp: ServerSetUp): string {
  const payloadHash = createHash('sha256').update(request.body).digest('hex');
  try {
    const signed = { method: request.method, url: request.url, headers: incoming.headers, payloadHash };
    return verifySignature(signed, setUp.secretOf, Date.now()).accessKeyId;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(error.status, SIGNATURE_CODES[error.code] ?? error.code, error.message);
  }
}

const SIGNATURE_CODES: Readonly<Record<string, string>> = {
  AccessDenied: 'MissingAuthenticationTokenException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
};

async function answer(
  service: string,
  request: AwsRequest,
  services: AwsServices,
  targets: Targets,
  allow: (use: Use) => void,
): Promise<AwsAnswer> {
  const allowJson = (): void => allow(useOf(targets, service, operationOf(request), parseInput(request)));
  switch (service) {
    case 'dynamodb':
      allowJson();
      return services.dynamodb.handle(request);
    case 'kms':
      allowJson();
      return answerJson(service, services.kms, request);
    case 'secretsmanager':
      allowJson();
      allowSecretKey(request, services, targets, allow);
      return answerJson(service, services.secretsManager, request);
    case 'lambda':
      return answerLambda(services.lambda, request, allow);
    default:
      throw notEmulated(`the service ${service}`);
  }
}

function allowSecretKey(
  request: AwsRequest,
  { keyOfSecret }: AwsServices,
  { region }: Targets,
  allow: (use: Use) => void,
): void {
  const { data } = z.object({ SecretId: z.string() }).safeParse(parseInput(request));
  const key = data && keyOfSecret(data.SecretId);
  for (const use of key === undefined ? [] : usesOfSecretKey(region, operationOf(request), key)) allow(use);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new AwsError(413, 'RequestTooLargeException', 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
