/** A bucket as the deployed template describes it. */
import { type BucketSettings, findBucket, saveBucket } from './bucket-records.ts';
import { checkBucketName } from './buckets.ts';
import { readTemplateRules } from './lifecycle.ts';
import { type BucketPolicy, parsePolicy } from './policy.ts';
import type { Store } from './store.ts';

export interface TemplateBucket {
  readonly versioned: boolean;
  readonly objectLock: boolean;
  /** What objects are encrypted with that ask for nothing. @default AES256 */
  readonly kmsKeyArn?: string;
  /** @default false */
  readonly bucketKey?: boolean;
  /** IAM policy documents, resolved. */
  readonly policies: readonly unknown[];
  /** CloudFormation's `LifecycleConfiguration.Rules`. */
  readonly lifecycleRules: readonly unknown[];
}

/**
 * Objects stay as they are; what AWS would refuse to take back is refused.
 * @throws Error for policies or rules with elements that are not known, and for a lock or versions to be given up
 */
export function saveTemplateBucket(
  store: Store,
  name: string,
  template: TemplateBucket,
  nowMs: number,
): void {
  checkBucketName(name);
  const before = findBucket(store, name);
  const { versioned, objectLock, kmsKeyArn, bucketKey } = template;
  if (objectLock && !versioned) throw new Error(`bucket ${name}: Object Lock needs versioning`);
  if (before?.settings.objectLock !== undefined && !objectLock) {
    throw new Error(`bucket ${name}: Object Lock is on and cannot be turned off`);
  }
  const kept = before?.settings.versioning === undefined ? undefined : ('Suspended' as const);
  const versioning = versioned ? ('Enabled' as const) : kept;
  const policy = joinPolicies(template.policies);
  const lifecycle = readTemplateRules(template.lifecycleRules);
  const settings: BucketSettings = {
    ...(versioning !== undefined && { versioning }),
    ...(objectLock && { objectLock: before?.settings.objectLock ?? {} }),
    ...(kmsKeyArn !== undefined && {
      encryption: {
        algorithm: 'aws:kms' as const,
        keyId: kmsKeyArn,
        ...(bucketKey !== undefined && { bucketKey }),
      },
    }),
    ...(policy !== undefined && { policy }),
    ...(lifecycle.length > 0 && { lifecycle }),
  };
  saveBucket(store, { name, createdMs: before?.createdMs ?? nowMs, settings });
}

function joinPolicies(policies: readonly unknown[]): BucketPolicy | undefined {
  if (policies.length === 0) return undefined;
  return { Statement: policies.flatMap((policy) => parsePolicy(policy).Statement) };
}
