/** The settings of a bucket: read, replaced and removed one group at a time. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import { type BucketSettings, type Encryption, saveBucket } from './bucket-records.ts';
import type { BucketCall, Run } from './call.ts';
import { receiveText } from './intake.ts';
import { readRules, ruleContent } from './lifecycle.ts';
import { isLockMode } from './object-lock.ts';
import {
  childrenOf,
  malformed,
  onlyKnown,
  parseXml,
  requiredText,
  textOf,
  type XmlContent,
  type XmlElement,
} from './xml.ts';

const MAX_BODY_BYTES = 256 * 1024;
const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

const missing = (code: string, message: string) => new AwsError(404, code, message);
const save = ({ store, bucket }: BucketCall, settings: BucketSettings): void =>
  saveBucket(store, { ...bucket, settings: { ...bucket.settings, ...settings } });
/** An operation that takes a setting away. */
export const remover =
  (name: keyof BucketSettings): Run<BucketCall> =>
  ({ store, bucket }) => {
    const { [name]: _removed, ...settings } = bucket.settings;
    saveBucket(store, { ...bucket, settings });
    return { status: 204 };
  };
const body = async (call: BucketCall, root: string): Promise<XmlElement> =>
  parseXml(await receiveText(call.request, MAX_BODY_BYTES), root);
const answer = (root: string, content: XmlContent): Answer => ({ xml: [root, content] });

export const getVersioning: Run<BucketCall> = ({ bucket }) =>
  answer('VersioningConfiguration', { Status: bucket.settings.versioning });

export async function putVersioning(call: BucketCall): Promise<Answer> {
  const document = await body(call, 'VersioningConfiguration');
  onlyKnown(document, ['Status']);
  const status = requiredText(document, 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformed();
  if (status === 'Suspended' && call.bucket.settings.objectLock !== undefined) {
    throw new AwsError(
      409,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  }
  save(call, { versioning: status });
  return {};
}

export const getLifecycle: Run<BucketCall> = ({ bucket }) => {
  const rules = bucket.settings.lifecycle;
  if (rules === undefined) {
    throw missing('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist');
  }
  return answer('LifecycleConfiguration', { Rule: rules.map(ruleContent) });
};
export async function putLifecycle(call: BucketCall): Promise<Answer> {
  save(call, { lifecycle: readRules(await body(call, 'LifecycleConfiguration')) });
  return {};
}
export const deleteLifecycle = remover('lifecycle');

export const getEncryption: Run<BucketCall> = ({ bucket, keyArn }) => {
  const encryption: Encryption = bucket.settings.encryption ?? { algorithm: 'AES256' };
  const byDefault = {
    SSEAlgorithm: encryption.algorithm,
    KMSMasterKeyID: encryption.algorithm === 'aws:kms' ? keyArn(encryption.keyId) : undefined,
  };
  return answer('ServerSideEncryptionConfiguration', {
    Rule: { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: encryption.bucketKey ?? false },
  });
};
export async function putEncryption(call: BucketCall): Promise<Answer> {
  const document = await body(call, 'ServerSideEncryptionConfiguration');
  const [rule, ...others] = childrenOf(document, 'Rule');
  if (rule === undefined || others.length > 0) throw malformed();
  onlyKnown(rule, ['ApplyServerSideEncryptionByDefault', 'BucketKeyEnabled']);
  const [byDefault] = childrenOf(rule, 'ApplyServerSideEncryptionByDefault');
  if (byDefault === undefined) throw malformed();
  onlyKnown(byDefault, ['SSEAlgorithm', 'KMSMasterKeyID']);
  const algorithm = requiredText(byDefault, 'SSEAlgorithm');
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw malformed();
  const keyId = textOf(byDefault, 'KMSMasterKeyID');
  const bucketKey = textOf(rule, 'BucketKeyEnabled') === 'true';
  save(call, { encryption: { algorithm, bucketKey, ...(keyId !== undefined && { keyId }) } });
  return {};
}
export const deleteEncryption = remover('encryption');

export const getPublicAccessBlock: Run<BucketCall> = ({ bucket }) => {
  const blocks = bucket.settings.publicAccessBlock;
  if (blocks === undefined) {
    throw missing(
      'NoSuchPublicAccessBlockConfiguration',
      'The public access block configuration was not found',
    );
  }
  return answer('PublicAccessBlockConfiguration', blocks);
};
export async function putPublicAccessBlock(call: BucketCall): Promise<Answer> {
  const document = await body(call, 'PublicAccessBlockConfiguration');
  onlyKnown(document, BLOCKS);
  const blocks = BLOCKS.map((name) => [name, textOf(document, name)?.toLowerCase() === 'true'] as const);
  save(call, { publicAccessBlock: Object.fromEntries(blocks) });
  return {};
}
export const deletePublicAccessBlock = remover('publicAccessBlock');

export const getObjectLock: Run<BucketCall> = ({ bucket }) => {
  const lock = bucket.settings.objectLock;
  if (lock === undefined) {
    throw missing(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    );
  }
  const rule =
    lock.mode === undefined ? undefined : { DefaultRetention: { Mode: lock.mode, Days: lock.days } };
  return answer('ObjectLockConfiguration', { ObjectLockEnabled: 'Enabled', Rule: rule });
};
export async function putObjectLock(call: BucketCall): Promise<Answer> {
  const document = await body(call, 'ObjectLockConfiguration');
  onlyKnown(document, ['ObjectLockEnabled', 'Rule']);
  if (call.bucket.settings.versioning !== 'Enabled') {
    throw new AwsError(
      409,
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
  }
  save(call, { objectLock: readDefaultRetention(document) });
  return {};
}

function readDefaultRetention(document: XmlElement): NonNullable<BucketSettings['objectLock']> {
  const [rule] = childrenOf(document, 'Rule');
  const [retention] = rule === undefined ? [] : childrenOf(rule, 'DefaultRetention');
  if (retention === undefined) return {};
  onlyKnown(retention, ['Mode', 'Days']);
  const mode = requiredText(retention, 'Mode');
  const days = Number(requiredText(retention, 'Days'));
  if (!isLockMode(mode) || !Number.isSafeInteger(days) || days <= 0) throw malformed();
  return { mode, days };
}
