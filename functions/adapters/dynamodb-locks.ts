import type { LockOwner, Now, RunLocks } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import { recordIn } from './dynamodb-records.ts';
import { deleteItem, getItem, isRefused, keyOf, putItem, type Table, updateItem } from './dynamodb-table.ts';

interface LockItem {
  readonly owner: LockOwner;
}

const OWNED = { condition: '#owner = :owner', names: { owner: 'owner' } };
/** Tries to take a lock that is let go in the very moment in which we look who has it. */
const MAX_ATTEMPTS = 3;

/** Locks as single items with an owner and an end; times are compared as ISO 8601 text in UTC. */
export const dynamodbLocks = (table: Table, now: Now): RunLocks => ({
  async acquire({ key, owner, expiresAt }) {
    const item = { ...keyOf('LOCK', key), owner, expiresAt };
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        const before = await putItem(table, item, {
          condition: 'attribute_not_exists(pk) OR #owner = :owner OR #expiresAt <= :now',
          names: { owner: 'owner', expiresAt: 'expiresAt' },
          values: { owner, now: new Date(now()).toISOString() },
        });
        const earlier = before && recordIn<LockItem>(before).owner;
        return earlier === undefined || earlier === owner ? {} : { lostOwner: earlier };
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      const holder = await getItem(table, keyOf('LOCK', key));
      if (holder !== undefined) throw held(recordIn<LockItem>(holder).owner);
    }
    throw held(undefined);
  },

  async extend({ key, owner, expiresAt }) {
    try {
      await updateItem(table, keyOf('LOCK', key), { set: { expiresAt } }, { ...OWNED, values: { owner } });
    } catch (error) {
      if (isRefused(error)) throw new SafeBaseError('fenced', `${owner} has lost its lock`);
      throw error;
    }
  },

  async release({ key, owner }) {
    try {
      await deleteItem(table, keyOf('LOCK', key), { ...OWNED, values: { owner } });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  },
});

const held = (runId: LockOwner | undefined): SafeBaseError =>
  new SafeBaseError('run_active', `${runId ?? 'another run'} is active on this database`, {
    details: runId === undefined ? {} : { runId },
  });
