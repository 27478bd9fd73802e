import { SafeBaseError } from '../errors.ts';
import type { TokenId } from './ids.ts';
import type { Role } from './ports.ts';

/** Who asks. */
export interface Principal {
  readonly tokenId: TokenId;
  readonly role: Role;
}

/** Everything that can be allowed; routes name one of these each. */
const PERMISSIONS = [
  'databases:read',
  'databases:write',
  'databases:test',
  'backups:read',
  'backups:create',
  'backups:verify',
  'backups:delete',
  'backups:download',
  'restores:read',
  'restores:create',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const VIEW = ['databases:read', 'backups:read', 'restores:read'] as const;

/**
 * What each role may do. A restorer may take data out (download) and write over it, an operator neither; only an
 * administrator decides which servers are reached with which credentials, and what is deleted.
 */
const ALLOWED: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: VIEW,
  operator: [...VIEW, 'databases:test', 'backups:create', 'backups:verify'],
  restorer: [
    ...VIEW,
    'databases:test',
    'backups:create',
    'backups:verify',
    'backups:download',
    'restores:create',
  ],
  admin: PERMISSIONS,
};

/** @throws `forbidden` */
export function authorize(principal: Principal, permission: Permission): void {
  if (ALLOWED[principal.role]?.includes(permission)) return;
  throw new SafeBaseError('forbidden', `the role ${principal.role} does not include ${permission}`);
}
