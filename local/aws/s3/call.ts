/** What an operation is given: the request, what it is about, and the endpoint that serves it. */

import { AwsError } from '../aws-error.ts';
import { type Gate, objectArn } from './access.ts';
import type { Answer } from './answer.ts';
import type { Bucket } from './bucket-records.ts';
import type { S3Request } from './request.ts';
import type { Store } from './store.ts';

/** What does not change between requests. */
export interface Endpoint {
  readonly store: Store;
  readonly region: string;
  readonly accountId: string;
  /** The ARN of a KMS key by id, alias or ARN; undefined is the key that AWS manages. @throws AwsError for no such key */
  keyArn(keyId: string | undefined): string;
  /** Settings of buckets made by CreateBucket, beyond what the request asks for. */
  readonly lockNewBuckets: boolean;
  /** Deletions that came between the begin and the end of conditional writes. */
  readonly conflicts: Conflicts;
}

export interface Call extends Endpoint {
  readonly request: S3Request;
  readonly gate: Gate;
  readonly nowMs: number;
}
/** A call about a bucket that exists. */
export interface BucketCall extends Call {
  readonly bucket: Bucket;
}

export type Run<C extends Call> = (call: C) => Answer | Promise<Answer>;

export interface Watch {
  /** @throws AwsError `ConditionalRequestConflict` where the key was deleted since the watch began */
  check(): void;
  end(): void;
}

/**
 * A conditional write whose key is deleted meanwhile ends with 409: neither "it existed" nor "it did not" was true
 * all the time.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export interface Conflicts {
  watch(bucket: string, key: string): Watch;
  deleted(bucket: string, key: string): void;
}

export function createConflicts(): Conflicts {
  const watched = new Map<string, Set<{ conflict: boolean }>>();
  return {
    watch(bucket, key) {
      const name = objectArn(bucket, key);
      const watch = { conflict: false };
      const others = watched.get(name) ?? new Set();
      watched.set(name, others.add(watch));
      return {
        check() {
          if (!watch.conflict) return;
          throw new AwsError(
            409,
            'ConditionalRequestConflict',
            'The conditional request cannot succeed due to a conflicting operation against this resource.',
            { Key: key },
          );
        },
        end() {
          others.delete(watch);
          if (others.size === 0) watched.delete(name);
        },
      };
    },
    deleted(bucket, key) {
      for (const watch of watched.get(objectArn(bucket, key)) ?? []) watch.conflict = true;
    },
  };
}
