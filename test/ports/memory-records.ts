import type { RunId } from '../../functions/core/ids.ts';
import type {
  AuditEntry,
  AuditLog,
  IdempotencyStore,
  Token,
  TokenStore,
} from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Claims in a map. */
export function memoryIdempotency(): IdempotencyStore {
  const claims = new Map<string, RunId>();
  return {
    async claim(key, runId) {
      const standing = claims.get(key) ?? runId;
      claims.set(key, standing);
      return { runId: standing, first: standing === runId };
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
