import type {
  AuditEntry,
  AuditLog,
  Claim,
  IdempotencyStore,
  Now,
  Token,
  TokenStore,
} from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Claims in a map. */
export function memoryIdempotency(now: Now): IdempotencyStore {
  const claims = new Map<string, Claim>();
  return {
    async claim(claim) {
      const found = claims.get(claim.key);
      const standing = found && Date.parse(found.expiresAt) > now() ? found : claim;
      claims.set(claim.key, standing);
      const { runId, request } = standing;
      return { runId, request, first: runId === claim.runId };
    },
    async renew(claim, from) {
      const standing = claims.get(claim.key)?.runId;
      if (standing !== from && standing !== claim.runId)
        throw new SafeBaseError('version_conflict', `the claim of ${from} was renewed by another`);
      claims.set(claim.key, claim);
    },
  };
}

/** Tokens in a map, which a test may change behind the store's back. */
export function memoryTokens(): TokenStore & { readonly stored: Map<string, Token> } {
  const stored = new Map<string, Token>();
  return {
    stored,
    async create(token) {
      if (stored.has(token.id)) throw new SafeBaseError('version_conflict', `${token.id} is there`);
      stored.set(token.id, token);
    },
    get: async (id) => stored.get(id),
  };
}

/** Audit entries in a list. */
export function memoryAudit(): AuditLog & { readonly entries: AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return {
    entries,
    async record(entry) {
      entries.push(entry);
    },
  };
}
