import { createHash, timingSafeEqual } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import type { Principal } from './authorize.ts';
import type { Now, Token, TokenHasher, TokenStore } from './ports.ts';
import { parseToken } from './tokens.ts';

interface AuthenticatePorts {
  readonly tokens: TokenStore;
  readonly hasher: TokenHasher;
  readonly now: Now;
}

/** A revoked token works this long at most; a new one may be refused as long where it was tried too early. */
const CACHE_MS = 60_000;
/** Answers kept, good and bad ones: who sends made-up tokens must not fill the memory. */
const CACHE_ENTRIES = 1_000;

/** Tells who stands behind an Authorization header. @throws `unauthenticated`, `unavailable` */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** An authenticator by tokens, with its own cache of what it found; failures to look are never kept. */
export function tokenAuthenticator(ports: AuthenticatePorts): Authenticate {
  const known = new Map<string, { readonly token: Token | undefined; readonly until: number }>();

  return async (authorization) => {
    const presented = /^Bearer +(\S{1,200})$/i.exec(authorization ?? '')?.[1];
    if (presented === undefined) throw new SafeBaseError('unauthenticated', 'the request carries no token');
    // The cache goes by a hash, so that no token lies in memory for longer than its request.
    const key = createHash('sha256').update(presented).digest('base64');
    const now = ports.now();
    let entry = known.get(key);
    if (entry === undefined || entry.until <= now) {
      entry = { token: await find(ports, presented), until: now + CACHE_MS };
      known.delete(key);
      known.set(key, entry);
      const [oldest] = known.keys();
      if (known.size > CACHE_ENTRIES && oldest !== undefined) known.delete(oldest);
    }
    const { token } = entry;
    if (token === undefined || (token.expiresAt !== undefined && Date.parse(token.expiresAt) <= now)) {
      throw new SafeBaseError('unauthenticated', 'the token is not valid');
    }
    return { tokenId: token.id, role: token.role };
  };
}

/** The token record that this text proves; nothing where there is none, or it was revoked. */
async function find(ports: AuthenticatePorts, presented: string): Promise<Token | undefined> {
  const parsed = parseToken(presented);
  const token = parsed && (await ports.tokens.get(parsed.id));
  if (parsed === undefined || token === undefined || token.revokedAt !== undefined) return undefined;
  const [stored, given] = [token.hash, await ports.hasher.hash(parsed.secret)].map((hash) =>
    Buffer.from(hash, 'hex'),
  );
  if (stored === undefined || given === undefined) return undefined;
  return stored.length === given.length && timingSafeEqual(stored, given) ? token : undefined;
}
