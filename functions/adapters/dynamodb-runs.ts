import type { Now, RunStore } from '../core/ports.ts';
import { asOf, type Backup, mayFollow, type Restore, type RunState } from '../core/run.ts';
import { SafeBaseError } from '../errors.ts';
import { listAlive, listRecords } from './dynamodb-lists.ts';
import { createRecord, markedWrite, readRecord, recordIn } from './dynamodb-records.ts';
import { type Item, keyOf, type Table, updateItem } from './dynamodb-table.ts';

type RunKind =
  | { readonly kind: 'BK'; readonly prefix: 'bk' }
  | { readonly kind: 'RS'; readonly prefix: 'rs' };

/** Records of backups. @param now for lists, which show runs as they stand by then */
export const dynamodbBackups = (table: Table, now: Now): RunStore<Backup> =>
  dynamodbRuns<Backup>(table, now, { kind: 'BK', prefix: 'bk' });

/** Records of restores. */
export const dynamodbRestores = (table: Table, now: Now): RunStore<Restore> =>
  dynamodbRuns<Restore>(table, now, { kind: 'RS', prefix: 'rs' });

const isActive = (state: RunState): boolean => state === 'queued' || state === 'running';

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
          ...(isActive(run.state) ? { active: kind } : {}),
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

    async transition(id, { from, fence }, change) {
      const allowed = from.filter((state) => mayFollow(state, change.state));
      const states = Object.fromEntries(allowed.map((state, index) => [`from${index}`, state]));
      if (allowed.length === 0) {
        throw new SafeBaseError(
          'wrong_state',
          `a run that is ${from.join(' or ')} cannot be ${change.state}`,
        );
      }
      const active = isActive(change.state);
      const item = await markedWrite(
        table,
        kind,
        id,
        (writeId) =>
          updateItem(
            table,
            keyOf(kind, id),
            {
              set: { ...change, ...(active ? { active: kind } : {}), writeId },
              remove: active ? [] : ['leaseExpiresAt', 'progress', 'active'],
            },
            {
              condition: `#fence = :fence AND #state IN (${allowed.map((_, index) => `:from${index}`)})`,
              names: { fence: 'fence', state: 'state' },
              values: { fence, ...states },
            },
          ),
        (found) => refusal(id, fence, found),
      );
      return recordIn<R>(item ?? {});
    },

    async heartbeat(id, fence, leaseExpiresAt, progress, kept = {}) {
      await markedWrite(
        table,
        kind,
        id,
        (writeId) =>
          updateItem(
            table,
            keyOf(kind, id),
            { set: { ...kept, leaseExpiresAt, progress, writeId } },
            {
              condition: '#fence = :fence AND #state = :running',
              names: { fence: 'fence', state: 'state' },
              values: { fence, running: 'running' },
            },
          ),
        (found) => refusal(id, fence, found),
      );
    },
  };
}

/** Why a run could not be changed. */
function refusal(id: string, fence: number, found: Item | undefined): SafeBaseError {
  if (found === undefined) return new SafeBaseError('not_found', `there is no ${id}`);
  if (found.fence !== fence) return new SafeBaseError('fenced', `another worker has taken ${id}`);
  return new SafeBaseError('wrong_state', `${id} is ${found.state}`);
}
