import type { Now, RunStore } from '../core/ports.ts';
import {
  asOf,
  type Backup,
  isActive,
  isUnfinished,
  mayFollow,
  type Restore,
  type RunChange,
  type RunState,
} from '../core/run.ts';
import { SafeBaseError } from '../errors.ts';
import { listAlive, listRecords } from './dynamodb-lists.ts';
import { createRecord, markedWrite, readRecord, recordIn } from './dynamodb-records.ts';
import { type Item, keyOf, queryIndex, type Table, updateItem } from './dynamodb-table.ts';

type RunKind =
  | { readonly kind: 'BK'; readonly prefix: 'bk' }
  | { readonly kind: 'RS'; readonly prefix: 'rs' };

/** Records of backups. @param now for lists, which show runs as they stand by then */
export const dynamodbBackups = (table: Table, now: Now): RunStore<Backup> =>
  dynamodbRuns<Backup>(table, now, { kind: 'BK', prefix: 'bk' });

/** Records of restores. */
export const dynamodbRestores = (table: Table, now: Now): RunStore<Restore> =>
  dynamodbRuns<Restore>(table, now, { kind: 'RS', prefix: 'rs' });

function dynamodbRuns<R extends Backup | Restore>(
  table: Table,
  now: Now,
  { kind, prefix }: RunKind,
): RunStore<R> {
  return {
    create: (run) =>
      createRecord(
        table,
        kind,
        run,
        {
          kind,
          databaseKind: `${run.databaseId}/${kind}`,
          ...(isUnfinished(run.state) ? { active: kind } : {}),
        },
        () => new SafeBaseError('version_conflict', `${run.id} is there already`),
      ),

    get: (id) => readRecord<R>(table, kind, id),

    list(filter, page) {
      const { states, databaseId, from, until } = filter;
      const time = now();
      const keep = (run: R): R | undefined => {
        const standing = asOf(run, time);
        return states === undefined || states.includes(standing.state) ? standing : undefined;
      };
      const list = { kind, prefix, databaseId, from, until, keep, keepName: `${states}` };
      return states?.every(isActive)
        ? listAlive<R>(table, list, new Date(time).toISOString(), page)
        : listRecords<R>(table, list, page);
    },

    async listLost(limit) {
      const { items } = await queryIndex(table, {
        index: 'byActive',
        condition: '#active = :kind AND #lease <= :now',
        names: { active: 'active', lease: 'leaseExpiresAt' },
        values: { kind, now: new Date(now()).toISOString() },
        limit,
        oldestFirst: true,
      });
      return items.map((item) => recordIn<R>(item).id);
    },

    transition: (id, condition, change) => transition<R>(table, kind, id, condition, change),

    async heartbeat(id, fence, leaseExpiresAt, progress, kept = {}) {
      const set = { ...kept, leaseExpiresAt, progress };
      return recordIn<R>((await changeRun(table, kind, { id, fence, from: ['running'] }, { set })) ?? {});
    },

    async requestCancel(id, fence, cancel) {
      const set = { cancel };
      return recordIn<R>((await changeRun(table, kind, { id, fence, from: ['running'] }, { set })) ?? {});
    },
  };
}

async function transition<R extends Backup | Restore>(
  table: Table,
  kind: RunKind['kind'],
  id: string,
  { from, fence }: { readonly from: readonly RunState[]; readonly fence: number },
  change: RunChange,
): Promise<R> {
  const allowed = from.filter((state) => mayFollow(state, change.state));
  if (allowed.length === 0) {
    throw new SafeBaseError('wrong_state', `a run that is ${from.join(' or ')} cannot be ${change.state}`);
  }
  const unfinished = isUnfinished(change.state);
  const item = await changeRun(
    table,
    kind,
    { id, fence, from: allowed },
    {
      set: { ...change, ...(unfinished ? { active: kind } : {}) },
      remove: unfinished ? [] : ['leaseExpiresAt', 'progress', 'active'],
    },
  );
  return recordIn<R>(item ?? {});
}

/** Changes a run that is in one of `from` under this fence. @throws as `RunStore.transition` */
function changeRun(
  table: Table,
  kind: RunKind['kind'],
  { id, fence, from }: { readonly id: string; readonly fence: number; readonly from: readonly RunState[] },
  { set, remove = [] }: { readonly set: Item; readonly remove?: readonly string[] },
): Promise<Item | undefined> {
  const states = Object.fromEntries(from.map((state, index) => [`from${index}`, state]));
  const condition = {
    condition: `#fence = :fence AND #state IN (${from.map((_, index) => `:from${index}`)})`,
    names: { fence: 'fence', state: 'state' },
    values: { fence, ...states },
  };
  return markedWrite(
    table,
    kind,
    id,
    (writeId) => updateItem(table, keyOf(kind, id), { set: { ...set, writeId }, remove }, condition),
    (found) => refusal(id, fence, found),
  );
}

/** Why a run could not be changed. */
function refusal(id: string, fence: number, found: Item | undefined): SafeBaseError {
  if (found === undefined) return new SafeBaseError('not_found', `there is no ${id}`);
  if (found.fence !== fence) return new SafeBaseError('fenced', `another worker has taken ${id}`);
  return new SafeBaseError('wrong_state', `${id} is ${found.state}`);
}
