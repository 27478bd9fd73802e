import type { AccessKeys } from './access-keys.ts';
import { AwsError } from './aws-error.ts';

/** A call as IAM looks at it. */
interface Call {
  readonly accessKeyId: string;
  /** `dynamodb:GetItem` */
  readonly action: string;
  /** The ARN of what it acts on, or its name as the request gives it; `*` for none. */
  readonly resource: string;
}

/** Asked before every call of every service. @throws AwsError `AccessDeniedException` where it is not allowed */
export type Authorize = (call: Call) => void;

/** Lets every key that this cloud gave out do everything. */
export const createAuthorize =
  (keys: AccessKeys): Authorize =>
  ({ accessKeyId, action, resource }) => {
    if (keys.ownerOf(accessKeyId) !== undefined) return;
    throw new AwsError(
      403,
      'AccessDeniedException',
      `not authorized to perform: ${action} on resource: ${resource}`,
    );
  };
