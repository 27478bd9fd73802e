import { randomBytes } from 'node:crypto';
import { newTokenId, type TokenId } from './ids.ts';
import type { AuditLog, Now, Role, TokenHasher, TokenStore } from './ports.ts';

interface TokenPorts {
  readonly tokens: TokenStore;
  readonly hasher: TokenHasher;
  readonly audit: AuditLog;
  readonly now: Now;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Absent: until it is revoked. */
  readonly expiresInDays?: number | undefined;
}

const SECRET_BYTES = 32;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** `sbt_<ULID of its id>_<secret, 256 bits in base64url>` */
const FORM = /^sbt_([0-9A-HJKMNP-TV-Z]{26})_([\w-]{43})$/;

/** Takes a token apart; nothing where the text is none. */
export function parseToken(text: string): { readonly id: TokenId; readonly secret: string } | undefined {
  const [, ulid, secret] = FORM.exec(text) ?? [];
  if (ulid === undefined || secret === undefined) return undefined;
  return { id: `tok_${ulid}` as TokenId, secret };
}

/**
 * Makes a token; its text is shown this once and kept nowhere.
 * @param asked who asked, and in which request, for the audit
 * @throws `unavailable`, `upload_failed` (the audit): then nobody has the text
 */
export async function createToken(
  ports: TokenPorts,
  { name, role, expiresInDays }: NewToken,
  asked: { readonly actor: string; readonly requestId: string },
): Promise<{ readonly token: string; readonly id: TokenId; readonly expiresAt?: string }> {
  const now = ports.now();
  const at = new Date(now).toISOString();
  const id = newTokenId(now);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const expiry =
    expiresInDays === undefined ? {} : { expiresAt: new Date(now + expiresInDays * DAY_MS).toISOString() };
  await ports.tokens.create({
    id,
    name,
    role,
    hash: await ports.hasher.hash(secret),
    createdAt: at,
    ...expiry,
  });
  await ports.audit.record({ at, action: `create token of role ${role}`, on: id, result: 'done', ...asked });
  return { token: `sbt_${id.slice('tok_'.length)}_${secret}`, id, ...expiry };
}
