/** The API as data. The stack makes routes of it, the middleware checks by it, and it is the contract. */
import type { z } from 'zod';

/** The function that answers a route; one for each resource. */
export type ApiHandler = 'api-databases' | 'api-backups' | 'api-restores' | 'api-health';

/** What a principal must be allowed; `null` is open to everybody. */
export type Permission =
  | 'databases:read'
  | 'databases:write'
  | 'databases:test'
  | 'backups:read'
  | 'backups:create'
  | 'backups:delete'
  | 'backups:download'
  | 'restores:read'
  | 'restores:create';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** API Gateway's form: `/databases/{id}`. */
  readonly path: string;
  readonly handler: ApiHandler;
  readonly permission: Permission | null;
  readonly summary: string;
  /** Strict: unknown fields are refused. */
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly response: z.ZodType;
}
