import type { GrantScripts } from '../engine/catalogue/grant-script.ts';
import type { ServerInfo } from '../engine/contents.ts';
import type { Failure } from '../errors.ts';

/** What a look at a database found; the answer of `POST /databases/{id}/test`. */
export interface ProbeReport {
  readonly ok: boolean;
  readonly server?: ServerInfo;
  readonly schemas?: readonly string[];
  readonly sizeBytes?: number;
  readonly latencyMs?: number;
  /** Exact GRANT statements that a backup still needs. */
  readonly missingGrants?: readonly string[];
  /** How accounts with exactly the needed rights are made there. */
  readonly grants?: GrantScripts;
  readonly failure?: Failure;
}
