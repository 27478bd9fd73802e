import type { Now, RunStore } from '../../functions/core/ports.ts';
import {
  asOf,
  type Backup,
  isUnfinished,
  mayFollow,
  type Restore,
  type RunState,
} from '../../functions/core/run.ts';
import { SafeBaseError } from '../../functions/errors.ts';
import { pageOf } from './memory-page.ts';

/** Records of backups or restores in a map. */
export function memoryRuns<R extends Backup | Restore>(now: Now = Date.now): RunStore<R> {
  const records = new Map<string, R>();
  const guarded = (id: string, states: readonly RunState[], fence: number): R => {
    const run = records.get(id);
    if (run === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
    if (run.fence !== fence) throw new SafeBaseError('fenced', `another worker has taken ${id}`);
    if (!states.includes(run.state)) throw new SafeBaseError('wrong_state', `${id} is ${run.state}`);
    return run;
  };
  return {
    async create(run) {
      if (records.has(run.id)) throw new SafeBaseError('version_conflict', `${run.id} is there`);
      records.set(run.id, structuredClone(run));
    },
    get: async (id) => structuredClone(records.get(id)),
    async list({ databaseId, states, from, until }, page) {
      const fits = [...records.values()]
        .map((run) => asOf(run, now()))
        .filter((run) => databaseId === undefined || run.databaseId === databaseId)
        .filter((run) => states === undefined || states.includes(run.state))
        .filter((run) => from === undefined || Date.parse(run.createdAt) >= Date.parse(from))
        .filter((run) => until === undefined || Date.parse(run.createdAt) <= Date.parse(until));
      return pageOf(fits, JSON.stringify([databaseId, states, from, until]), page);
    },
    listLost: async (limit) =>
      [...records.values()]
        .filter((run) => isUnfinished(run.state) && Date.parse(run.leaseExpiresAt ?? '') <= now())
        .sort((one, other) => ((one.leaseExpiresAt ?? '') < (other.leaseExpiresAt ?? '') ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id),
    async transition(id, { from, fence }, change) {
      const allowed = from.filter((state) => mayFollow(state, change.state));
      if (allowed.length === 0) throw new SafeBaseError('wrong_state', `not from ${from}`);
      const ended = isUnfinished(change.state) ? {} : { leaseExpiresAt: undefined, progress: undefined };
      // JSON leaves out what is undefined.
      const changed: R = JSON.parse(JSON.stringify({ ...guarded(id, allowed, fence), ...change, ...ended }));
      records.set(id, changed);
      return structuredClone(changed);
    },
    async heartbeat(id, fence, leaseExpiresAt, progress, kept = {}) {
      const run = guarded(id, ['running'], fence);
      const alive = { ...run, ...kept, leaseExpiresAt, ...(progress === undefined ? {} : { progress }) };
      records.set(id, alive);
      return structuredClone(alive);
    },
    async requestCancel(id, fence, cancel) {
      const asked = { ...guarded(id, ['running'], fence), cancel };
      records.set(id, asked);
      return structuredClone(asked);
    },
  };
}
