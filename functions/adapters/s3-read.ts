import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { throwIfOver } from '../engine/deadline.ts';
import { SafeBaseError } from '../errors.ts';
import { type Bucket, s3ErrorName, s3Failure, s3Status } from './s3-errors.ts';

/** Connections in a row that brought no byte before a read gives up. */
const MAX_BARREN_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;

/** What S3 says where a version, or the bytes asked for, are not there: a delete marker answers 405. */
const GONE = [
  'NoSuchKey',
  'NoSuchVersion',
  'NotFound',
  'InvalidRange',
  'MethodNotAllowed',
  'InvalidObjectState',
];

interface Asked {
  readonly key: string;
  readonly versionId: string;
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

interface Span {
  /** The next byte to read. */
  readonly first: number;
  /** The last byte, inclusive; absent until S3 has told the size. */
  readonly last?: number;
}

/** Streams one version, and goes on at the offset where a connection broke. @see ObjectStore.read */
export async function* readObject(
  bucket: Bucket,
  asked: Asked,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<Buffer> {
  const { key } = asked;
  let span: Span = asked.range ?? { first: 0 };
  for (let barren = 0; ; ) {
    throwIfOver(signal);
    const answer = await open(bucket, asked, span, signal);
    const last: number = span.last ?? span.first + (answer.ContentLength ?? 0) - 1;
    let first = span.first;
    try {
      for await (const chunk of bodyOf(answer)) {
        first += chunk.length;
        if (first > last + 1) throw new SafeBaseError('backup_damaged', `${key} is longer than it should be`);
        yield chunk;
      }
      // S3 and proxies may end a body early without an error: only the count tells.
      if (first === last + 1) return;
      throw new SafeBaseError('unavailable', `S3 ended ${key} at byte ${first} of ${last + 1}`);
    } catch (error) {
      throwIfOver(signal);
      if (error instanceof SafeBaseError && error.code !== 'unavailable') throw error;
      barren = first > span.first ? 0 : barren + 1;
      if (barren >= MAX_BARREN_ATTEMPTS) throw s3Failure('unavailable', `read ${key}`, error);
      // Cut short by the signal, it goes on to the look at it.
      await pause(FIRST_PAUSE_MS * 2 ** barren * (0.5 + Math.random() / 2), undefined, { signal }).catch(
        () => undefined,
      );
      span = { first, last };
    }
  }
}

async function open(
  bucket: Bucket,
  { key, versionId }: Asked,
  span: Span,
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  const whole = span.first === 0 && span.last === undefined;
  const answer = await bucket.s3
    .send(
      new GetObjectCommand({
        Bucket: bucket.name,
        Key: key,
        VersionId: versionId,
        ...(whole ? {} : { Range: `bytes=${span.first}-${span.last}` }),
      }),
      { abortSignal: signal },
    )
    .catch((error: unknown) => {
      throwIfOver(signal);
      const name = s3ErrorName(error);
      // A bucket that is not there says nothing of what lies in ours.
      const gone = GONE.includes(name) || (s3Status(error) === 404 && name !== 'NoSuchBucket');
      throw s3Failure(gone ? 'backup_damaged' : 'unavailable', `read ${key} in version ${versionId}`, error);
    });
  if (span.last !== undefined && answer.ContentLength !== span.last - span.first + 1) {
    throw new SafeBaseError('backup_damaged', `${key} is shorter than it should be`);
  }
  return answer;
}

/** The body as a stream of buffers; Node's SDK gives nothing else. */
async function* bodyOf(answer: GetObjectCommandOutput): AsyncGenerator<Buffer> {
  if (answer.Body === undefined || !(Symbol.asyncIterator in answer.Body)) return;
  for await (const chunk of answer.Body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('S3 gave a body that is not bytes');
    yield chunk;
  }
}
