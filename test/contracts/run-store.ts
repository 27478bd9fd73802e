import { newDatabaseId, newRestoreId } from '../../functions/core/ids.ts';
import type { Now, RunFilter, RunStore } from '../../functions/core/ports.ts';
import type { Backup } from '../../functions/core/run.ts';
import { stoppedClock } from '../fixtures/clock.ts';
import { aBackup } from '../fixtures/records.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What RunStore promises. @param make a store of its own for each test, with this clock */
export function runStoreContract(make: (now: Now) => Promise<RunStore<Backup>>): void {
  const clock = stoppedClock();
  const running = {
    state: 'running',
    fence: 1,
    startedAt: clock.iso(),
    leaseExpiresAt: clock.iso(60_000),
  } as const;

  async function storeWith(...changes: Partial<Backup>[]) {
    const store = await make(clock.now);
    const runs = changes.map((change) => aBackup(change.databaseId ?? newDatabaseId(), change, clock.now()));
    for (const run of runs) await store.create(run);
    return { store, runs, first: runs[0] ?? aBackup(newDatabaseId()) };
  }

  it('gives back what was created, and refuses the same id again', async () => {
    const { store, first } = await storeWith({});
    expect(await store.get(first.id)).toEqual(first);
    await expect(store.create(first)).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await store.get(aBackup(first.databaseId).id)).toBeUndefined();
  });

  it('moves a run through its life and ends the lease with it', async () => {
    const { store, first } = await storeWith({});
    expect(await store.transition(first.id, { from: ['queued'], fence: 0 }, running)).toEqual({
      ...first,
      ...running,
    });
    const progress = { phase: 'dump', bytesDone: 5, bytesEstimated: 10 } as const;
    await store.heartbeat(first.id, 1, clock.iso(90_000), progress);
    expect(await store.get(first.id)).toMatchObject({ leaseExpiresAt: clock.iso(90_000), progress });
    await store.heartbeat(first.id, 1, clock.iso(95_000), undefined, { dumpBytes: 7 });
    expect(await store.get(first.id)).toMatchObject({ leaseExpiresAt: clock.iso(95_000), dumpBytes: 7 });
    const done = await store.transition(
      first.id,
      { from: ['running'], fence: 1 },
      {
        state: 'completed',
        endedAt: clock.iso(),
        sizeBytes: 12,
      },
    );
    expect(done).toEqual(await store.get(first.id));
    expect(done).toMatchObject({ state: 'completed', sizeBytes: 12 });
    expect(done).not.toHaveProperty('leaseExpiresAt');
    expect(done).not.toHaveProperty('progress');
  });

  it('carries a wish to cancel to the worker with its next sign of life, and keeps it to the end', async () => {
    const { store, first } = await storeWith({});
    const cancel = { requestedBy: 'tok_1', requestedAt: clock.iso() };
    await expect(store.requestCancel(first.id, 0, cancel)).rejects.toMatchObject({ code: 'wrong_state' });
    await store.transition(first.id, { from: ['queued'], fence: 0 }, running);
    expect(await store.heartbeat(first.id, 1, clock.iso(90_000), undefined)).not.toHaveProperty('cancel');
    await expect(store.requestCancel(first.id, 0, cancel)).rejects.toMatchObject({ code: 'fenced' });
    expect(await store.requestCancel(first.id, 1, cancel)).toMatchObject({ state: 'running', cancel });
    const alive = await store.heartbeat(first.id, 1, clock.iso(95_000), undefined);
    expect(alive).toEqual({ ...first, ...running, cancel, leaseExpiresAt: clock.iso(95_000) });
    const ended = await store.transition(
      first.id,
      { from: ['running'], fence: 1 },
      { state: 'cancelled', endedAt: clock.iso() },
    );
    expect(ended).toMatchObject({ state: 'cancelled', cancel });
    expect(ended).not.toHaveProperty('leaseExpiresAt');
    await expect(store.requestCancel(first.id, 1, cancel)).rejects.toMatchObject({ code: 'wrong_state' });
    const { items } = await store.list({ states: ['cancelled'] }, { limit: 10 });
    expect(items).toEqual([ended]);
    expect((await store.list({ states: ['running'] }, { limit: 10 })).items).toEqual([]);
    expect(
      await store.transition(first.id, { from: ['cancelled'], fence: 1 }, { state: 'deleting' }),
    ).toMatchObject({ state: 'deleting' });
  });

  it('lets one of two notes on a complete run win, and the other look again', async () => {
    const { store, first } = await storeWith({ state: 'completed' });
    const note = () => {
      const restoring = [newRestoreId()];
      return store.transition(
        first.id,
        { from: ['completed'], fence: 0 },
        { state: 'completed', fence: 1, restoring },
      );
    };
    const [one, other] = await Promise.allSettled([note(), note()]);
    const [won, lost] = one?.status === 'fulfilled' ? [one, other] : [other, one];
    expect(won).toMatchObject({ status: 'fulfilled', value: await store.get(first.id) });
    expect(lost).toMatchObject({ status: 'rejected', reason: { code: 'fenced' } });
  });

  it('lets one of two workers take a run', async () => {
    const { store, first } = await storeWith({});
    const takes = await Promise.allSettled(
      [1, 2].map(() => store.transition(first.id, { from: ['queued'], fence: 0 }, running)),
    );
    expect(takes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each([
    ['another fence', { from: ['running'], fence: 0 }, 'completed', 'fenced'],
    ['another state', { from: ['queued'], fence: 1 }, 'failed', 'wrong_state'],
    ['a step that no life has', { from: ['running'], fence: 1 }, 'deleted', 'wrong_state'],
  ] as const)('refuses a change from %s', async (_, condition, state, code) => {
    const { store, first } = await storeWith({});
    await store.transition(first.id, { from: ['queued'], fence: 0 }, running);
    await expect(store.transition(first.id, condition, { state })).rejects.toMatchObject({ code });
    expect((await store.get(first.id))?.state).toBe('running');
  });

  it('fences off a worker and leaves its run lost, for whoever looks for such', async () => {
    const { store, first } = await storeWith({});
    await store.transition(first.id, { from: ['queued'], fence: 0 }, running);
    const leaseExpiresAt = clock.iso(-1);
    await store.transition(
      first.id,
      { from: ['running'], fence: 1 },
      { state: 'running', fence: 2, leaseExpiresAt },
    );
    expect(await store.get(first.id)).toEqual({ ...first, ...running, fence: 2, leaseExpiresAt });
    expect(await store.listLost(9)).toEqual([first.id]);
    await expect(store.heartbeat(first.id, 1, clock.iso(9), undefined)).rejects.toMatchObject({
      code: 'fenced',
    });
    await expect(
      store.transition(first.id, { from: ['running'], fence: 1 }, { state: 'completed' }),
    ).rejects.toMatchObject({ code: 'fenced' });
  });

  it('refuses signs of life of a worker that has lost its run, or whose run has ended', async () => {
    const { store, first } = await storeWith({});
    await expect(store.heartbeat(first.id, 0, clock.iso(), undefined)).rejects.toMatchObject({
      code: 'wrong_state',
    });
    await store.transition(first.id, { from: ['queued'], fence: 0 }, running);
    await expect(store.heartbeat(first.id, 0, clock.iso(), undefined)).rejects.toMatchObject({
      code: 'fenced',
    });
    await store.transition(first.id, { from: ['running'], fence: 1 }, { state: 'failed', fence: 2 });
    await expect(store.heartbeat(first.id, 1, clock.iso(), undefined)).rejects.toMatchObject({
      code: 'fenced',
    });
    await expect(store.heartbeat(first.id, 2, clock.iso(), undefined)).rejects.toMatchObject({
      code: 'wrong_state',
    });
  });

  it('tells the runs whose lease is over, longest ago first, and no others', async () => {
    const { store, runs } = await storeWith(
      { leaseExpiresAt: clock.iso(-1) },
      { leaseExpiresAt: clock.iso(1) },
      { leaseExpiresAt: clock.iso(-9), state: 'running', fence: 1 },
      { leaseExpiresAt: clock.iso(-5) },
    );
    const [second, , first, ended] = runs;
    if (ended !== undefined)
      await store.transition(ended.id, { from: ['queued'], fence: 0 }, { state: 'failed' });
    expect(await store.listLost(10)).toEqual([first?.id, second?.id]);
    expect(await store.listLost(1)).toEqual([first?.id]);
  });

  it('tells a removal whose time is over as well, until it has ended', async () => {
    const { store, first } = await storeWith({});
    await store.transition(first.id, { from: ['queued'], fence: 0 }, { state: 'failed' });
    const mark = (leaseExpiresAt: string) =>
      store.transition(
        first.id,
        { from: ['failed', 'deleting'], fence: 0 },
        { state: 'deleting', leaseExpiresAt },
      );
    await mark(clock.iso(-1));
    expect(await store.listLost(9)).toEqual([first.id]);
    await mark(clock.iso(9));
    expect(await store.listLost(9)).toEqual([]);
    expect((await store.list({ states: ['queued', 'running'] }, { limit: 9 })).items).toEqual([]);
    await mark(clock.iso(-1));
    await store.transition(first.id, { from: ['deleting'], fence: 0 }, { state: 'deleted' });
    expect(await store.listLost(9)).toEqual([]);
    expect(await store.get(first.id)).not.toHaveProperty('leaseExpiresAt');
  });

  it('lists by database, state as of now and time', async () => {
    const shop = newDatabaseId();
    const { store, runs } = await storeWith(
      { databaseId: shop },
      {},
      { databaseId: shop, leaseExpiresAt: clock.iso(-1) },
    );
    const [queued, other, lost] = runs.map(({ id }) => id);
    const old = aBackup(shop, { state: 'completed' }, clock.now() - DAY_MS);
    await store.create(old);
    const ids = async (filter: RunFilter) =>
      (await store.list(filter, { limit: 10 })).items.map(({ id }) => id).sort();

    expect(await ids({})).toEqual([queued, other, lost, old.id].sort());
    expect(await ids({ databaseId: shop })).toEqual([queued, lost, old.id].sort());
    expect(await ids({ states: ['queued', 'running'] })).toEqual([queued, other].sort());
    expect(await ids({ states: ['queued'], databaseId: shop })).toEqual([queued]);
    expect(await ids({ states: ['failed'] })).toEqual([lost]);
    expect(await ids({ states: ['completed', 'failed'], databaseId: shop })).toEqual([lost, old.id].sort());
    expect(await ids({ from: clock.iso() })).toEqual([queued, other, lost].sort());
    expect(await ids({ until: clock.iso(-1) })).toEqual([old.id]);
    expect(await ids({ from: old.createdAt, until: old.createdAt })).toEqual([old.id]);
    expect(await ids({ from: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' })).toHaveLength(4);
    expect(await ids({ from: clock.iso(), until: clock.iso(-1) })).toEqual([]);
    expect(await ids({ databaseId: newDatabaseId() })).toEqual([]);
    const { items } = await store.list({ states: ['failed'] }, { limit: 1 });
    expect(items[0]).toMatchObject({ state: 'failed', failure: { code: 'worker_lost' } });
  });

  it.each([{}, { states: ['queued'] }, { states: ['queued', 'completed'] }] as const)(
    'lists newest first in pages with the filter %p, and takes a cursor with that filter only',
    async (filter) => {
      const store = await make(clock.now);
      const ids: string[] = [];
      for (let index = 0; index < 7; index += 1) {
        const run = aBackup(
          newDatabaseId(),
          { leaseExpiresAt: clock.iso(90_000 - index) },
          clock.now() + index * 1_000,
        );
        await store.create(run);
        ids.unshift(run.id);
      }
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list(filter, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        listed.push(...page.items.map(({ id }) => id));
        const given = page.nextCursor;
        if (given !== undefined) {
          const other = { ...filter, databaseId: newDatabaseId() };
          await expect(store.list(other, { limit: 3, cursor: given })).rejects.toMatchObject({
            code: 'bad_cursor',
          });
        }
        cursor = given;
      } while (cursor !== undefined);
      expect(listed).toEqual(ids);
    },
  );
}
