/** The laptop's S3: takes requests of a Node server, and keeps everything in one folder. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCode } from '../../error-code.ts';
import { AwsError } from '../aws-error.ts';
import { pathOf } from '../canonical-url.ts';
import { type Authorize, bucketArn, checkAccess, denied, mayUse } from './access.ts';
import { type Answer, errorAnswer, sendAnswer } from './answer.ts';
import { bucketNamed, findBucket } from './bucket-records.ts';
import { type BucketCall, type Call, createConflicts, type Endpoint } from './call.ts';
import { carryOutLifecycle } from './lifecycle.ts';
import { operationOf } from './operations.ts';
import { readRequest } from './request.ts';
import { openStore } from './store.ts';
import { saveTemplateBucket, type TemplateBucket } from './template-bucket.ts';

export interface S3Options {
  /** Holds metadata and bodies; made with mode 0700 where it is missing. Never two processes at once. */
  readonly folder: string;
  /** The secret of an access key. */
  readonly credentialsOf: (accessKeyId: string) => string | undefined;
  /** Asked for every permission that an operation uses. @default every key that is known may do everything */
  readonly authorize?: Authorize;
  /** Gives the ARN of a KMS key by id, alias or ARN. @default every key exists */
  readonly kmsKeys?: (keyId: string) => string | undefined;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 000000000000 */
  readonly accountId?: string;
  /**
   * Whether a bucket made by CreateBucket gets Object Lock where the request does not say. AWS gives none; here it
   * costs nothing, and a lock that is asked for later is then one that holds.
   * @default true
   */
  readonly lockNewBuckets?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told of failures of the endpoint itself. */
  readonly log?: (line: string) => void;
}

export interface S3 {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Makes a bucket of the template, or brings one that is there to what the template says now. */
  createBucket(name: string, settings: TemplateBucket): void;
  close(): Promise<void>;
}

const DAY_MS = 24 * 3600 * 1000;

/** @throws Error where another process uses the folder */
export function createS3(options: S3Options): S3 {
  const now = options.now ?? Date.now;
  const serving: Serving = {
    endpoint: openEndpoint(options),
    credentialsOf: options.credentialsOf,
    authorize: options.authorize ?? (() => undefined),
    log: options.log ?? (() => undefined),
  };
  const { store } = serving.endpoint;
  const active = new Set<Promise<void>>();
  const track = (work: Promise<void>): Promise<void> => {
    const tracked = work.finally(() => active.delete(tracked));
    active.add(tracked);
    return tracked;
  };
  const sweep = (): void => {
    const failed = (error: unknown) => serving.log(`lifecycle: ${describe(error)}`);
    track(carryOutLifecycle(store, now()).catch(failed));
  };
  sweep();
  const daily = setInterval(sweep, DAY_MS).unref();
  return {
    handle: (request, response) => track(handle(serving, now(), request, response)),
    createBucket: (name, settings) => saveTemplateBucket(store, name, settings, now()),
    async close() {
      clearInterval(daily);
      await Promise.allSettled(active);
      store.close();
    },
  };
}

/** What all requests share. */
interface Serving extends Required<Pick<S3Options, 'credentialsOf' | 'authorize' | 'log'>> {
  readonly endpoint: Endpoint;
}

function openEndpoint(options: S3Options): Endpoint {
  const { region = 'us-east-1', accountId = '000000000000', kmsKeys, lockNewBuckets = true } = options;
  const arn = (keyId: string): string =>
    keyId.startsWith('arn:')
      ? keyId
      : `arn:aws:kms:${region}:${accountId}:${keyId.startsWith('alias/') ? '' : 'key/'}${keyId}`;
  return {
    store: openStore(options.folder),
    region,
    accountId,
    lockNewBuckets,
    conflicts: createConflicts(),
    keyArn(keyId) {
      if (keyId === undefined) return arn('alias/aws/s3');
      const found = kmsKeys === undefined ? arn(keyId) : kmsKeys(keyId);
      if (found === undefined)
        throw new AwsError(400, 'KMS.NotFoundException', `Key '${arn(keyId)}' does not exist`);
      return found;
    },
  };
}

async function handle(
  serving: Serving,
  nowMs: number,
  stream: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  const path = pathOf(stream.url ?? '/');
  try {
    await sendAnswer(response, await answer(serving, nowMs, stream), requestId);
  } catch (error) {
    const known = error instanceof AwsError;
    if (!known && !isHangUp(error)) serving.log(`${stream.method} ${path}: ${describe(error)}`);
    // An answer that has begun cannot be taken back: only a cut connection tells the client that it is not whole.
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const failure = known
      ? error
      : new AwsError(500, 'InternalError', 'We encountered an internal error. Please try again.');
    await sendAnswer(response, errorAnswer(failure, path, requestId), requestId);
  }
}

async function answer(serving: Serving, nowMs: number, stream: IncomingMessage): Promise<Answer> {
  const { endpoint, credentialsOf, authorize } = serving;
  const request = readRequest(stream, credentialsOf, nowMs);
  const gate = { authorize, nowMs };
  const call: Call = { ...endpoint, request, gate, nowMs };
  const owner = request.headers.get('x-amz-expected-bucket-owner');
  if (owner !== undefined && owner !== endpoint.accountId)
    throw new AwsError(403, 'AccessDenied', 'Access Denied');
  const operation = operationOf(request);
  const bucket = operation.needsBucket
    ? bucketNamed(endpoint.store, request.bucket)
    : findBucket(endpoint.store, request.bucket);
  for (const use of operation.uses(request)) await checkAccess(gate, request, bucket, use);
  if (!operation.needsBucket) return operation.run(call);
  // The settings may have changed while IAM was asked.
  const bucketCall: BucketCall = { ...call, bucket: bucketNamed(endpoint.store, request.bucket) };
  try {
    return await operation.run(bucketCall);
  } catch (error) {
    throw await hideMissing(bucketCall, error);
  }
}

/** As S3 says it of a key, and of one of its versions. */
const MISSING = ['NoSuchKey', 'NoSuchVersion'];

/**
 * Whoever may not list a bucket is not told either that an object is missing.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
async function hideMissing({ gate, request, bucket }: BucketCall, error: unknown): Promise<unknown> {
  if (!(error instanceof AwsError) || !MISSING.includes(error.code)) return error;
  const use = { action: 's3:ListBucket', resource: bucketArn(bucket.name) };
  return (await mayUse(gate, request, bucket, use)) ? error : denied(use);
}

/** A client that leaves while it is answered is no failure of ours. */
const isHangUp = (error: unknown): boolean =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(String(errorCode(error)));

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
