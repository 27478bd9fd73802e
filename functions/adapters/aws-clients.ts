/**
 * The clients of AWS, and how long each waits and how often it tries: written down here only. The address of
 * the endpoints, the region and the credentials come from the environment, on a laptop as in Lambda.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

interface Limits {
  /** Attempts in all, with growing pauses and jitter between them. */
  readonly maxAttempts: number;
  /** Until the connection stands (ms). */
  readonly connectMs: number;
  /** From the request to the head of the answer (ms); a body that stalls this long is cut too. */
  readonly answerMs: number;
}

const limited = ({ maxAttempts, connectMs, answerMs }: Limits) => ({
  maxAttempts,
  requestHandler: {
    connectionTimeout: connectMs,
    requestTimeout: answerMs,
    socketTimeout: answerMs,
    throwOnRequestTimeout: true,
  },
});

/** Small answers, asked for while a user waits: 4 attempts fit into the 30 s of a request. */
export const dynamoDbClient = (): DynamoDBClient =>
  new DynamoDBClient({
    ...limited({ maxAttempts: 4, connectMs: 1_500, answerMs: 5_000 }),
    retryMode: 'standard',
  });

export const kmsClient = (): KMSClient =>
  new KMSClient({ ...limited({ maxAttempts: 4, connectMs: 1_500, answerMs: 5_000 }), retryMode: 'standard' });

/** Without endpoint or NAT the connection attempt hangs: it must end while a prober still can tell so. */
export const secretsManagerClient = (): SecretsManagerClient =>
  new SecretsManagerClient({
    ...limited({ maxAttempts: 3, connectMs: 2_000, answerMs: 5_000 }),
    retryMode: 'standard',
  });

/** Asynchronous starts; the second attempt may start a job twice, which the job's own record then refuses. */
export const lambdaClient = (): LambdaClient =>
  new LambdaClient({
    ...limited({ maxAttempts: 4, connectMs: 1_500, answerMs: 5_000 }),
    retryMode: 'standard',
  });

/** Waits for a prober's answer (25 s) and asks once: the gateway gives up after 30 s. */
export const lambdaAnswerClient = (): LambdaClient =>
  new LambdaClient(limited({ maxAttempts: 1, connectMs: 1_500, answerMs: 27_000 }));

/**
 * Adaptive: on SlowDown it also lowers its own rate. We give the SHA-256 of what we send ourselves and check what
 * we read against the manifest, so that the SDK need not add checksums of its own.
 */
export const s3Client = (): S3Client =>
  new S3Client({
    ...limited({ maxAttempts: 8, connectMs: 3_000, answerMs: 120_000 }),
    retryMode: 'adaptive',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
