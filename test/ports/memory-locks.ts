import type { LockOwner, Now, RunLocks } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Locks in a map. */
export function memoryLocks(now: Now = Date.now): RunLocks {
  const held = new Map<string, { readonly owner: LockOwner; readonly expiresAt: string }>();
  return {
    async acquire({ key, owner, expiresAt }) {
      const before = held.get(key);
      const free = before === undefined || before.owner === owner;
      if (!free && Date.parse(before.expiresAt) > now()) {
        throw new SafeBaseError('run_active', `${before.owner} is active`, {
          details: { runId: before.owner },
        });
      }
      held.set(key, { owner, expiresAt });
      return free ? {} : { lostOwner: before.owner };
    },
    async extend({ key, owner, expiresAt }) {
      if (held.get(key)?.owner !== owner) throw new SafeBaseError('fenced', `${owner} has lost its lock`);
      held.set(key, { owner, expiresAt });
    },
    async release({ key, owner }) {
      if (held.get(key)?.owner === owner) held.delete(key);
    },
  };
}
