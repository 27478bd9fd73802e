import type { AccessKeys } from './access-keys.ts';

/** A call as IAM looks at it. */
export interface Call {
  readonly accessKeyId: string;
  /** `dynamodb:GetItem` */
  readonly action: string;
  /** The ARN of what it acts on, or its name as the request gives it; `*` for none. */
  readonly resource: string;
}

/** Asked before every call of every service; false refuses it. */
export type Authorize = (call: Call) => boolean;

/** Lets every key that this cloud gave out do everything. */
export const createAuthorize =
  (keys: AccessKeys): Authorize =>
  ({ accessKeyId }) =>
    keys.ownerOf(accessKeyId) !== undefined;
