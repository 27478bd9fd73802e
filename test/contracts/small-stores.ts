import { newBackupId, newTokenId, type RunId } from '../../functions/core/ids.ts';
import type { Claim, IdempotencyStore, Now, Token, TokenStore } from '../../functions/core/ports.ts';
import { stoppedClock } from '../fixtures/clock.ts';

/** What IdempotencyStore promises. */
export function idempotencyContract(make: (now: Now) => Promise<IdempotencyStore>): void {
  it('lets the first claim stand, whoever comes later', async () => {
    const store = await make(Date.now);
    const [one, other] = [newBackupId(), newBackupId()];
    const { claim } = store;
    expect(await claim(aClaim('s/1', one, 'a'))).toMatchObject({ runId: one, request: 'a', first: true });
    expect(await claim(aClaim('s/1', other, 'b'))).toMatchObject({ runId: one, request: 'a', first: false });
    expect(await claim(aClaim('s/1', one, 'a'))).toMatchObject({ runId: one, first: true });
    expect(await claim(aClaim('s/2', other, 'b'))).toMatchObject({ runId: other, first: true });
  });

  it('keeps keys apart that differ in their first word only', async () => {
    const { claim } = await make(Date.now);
    for (const key of ['daily_shop/1', 'weekly_shop/1', 'shop/1']) {
      const runId = newBackupId();
      expect(await claim(aClaim(key, runId, 'a'))).toMatchObject({ runId, first: true });
    }
  });

  it('forgets a claim when its time is over, and not before', async () => {
    const clock = stoppedClock();
    const { claim } = await make(clock.now);
    const [old, next] = [newBackupId(), newBackupId()];
    await claim({ ...aClaim('s/5', old, 'a'), expiresAt: clock.iso(60_000) });
    clock.pass(59_000);
    const later = { ...aClaim('s/5', next, 'b'), expiresAt: clock.iso(60_000) };
    expect(await claim(later)).toMatchObject({ runId: old, request: 'a', first: false });
    clock.pass(1_000);
    expect(await claim(later)).toMatchObject({ runId: next, request: 'b', first: true });
    expect(await claim({ ...later, runId: old })).toMatchObject({ runId: next, first: false });
  });

  it('lets one of many renew a claim', async () => {
    const store = await make(Date.now);
    const [old, ...fresh] = [newBackupId(), newBackupId(), newBackupId(), newBackupId()];
    await store.claim(aClaim('s/3', old, 'a'));
    const results = await Promise.allSettled(fresh.map((id) => store.renew(aClaim('s/3', id, 'a'), old)));
    const renewed = fresh.filter((_, index) => results[index]?.status === 'fulfilled');
    expect(renewed).toHaveLength(1);
    expect(await store.claim(aClaim('s/3', old, 'a'))).toMatchObject({ runId: renewed[0], first: false });
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'version_conflict' });
    }
    await expect(store.renew(aClaim('s/4', old, 'a'), old)).rejects.toMatchObject({
      code: 'version_conflict',
    });
  });
}

const aClaim = (key: string, runId: RunId, request: string): Claim => ({
  key,
  runId,
  request,
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
});

/** What TokenStore promises. */
export function tokenStoreContract(make: () => Promise<TokenStore>): void {
  it('gives back a token by its id, and makes none twice', async () => {
    const store = await make();
    const token: Token = {
      id: newTokenId(),
      name: 'x',
      role: 'viewer',
      hash: 'ab',
      createdAt: '2026-11-22T00:00:00.000Z',
    };
    await store.create(token);
    expect(await store.get(token.id)).toEqual(token);
    expect(await store.get(newTokenId())).toBeUndefined();
    await expect(store.create(token)).rejects.toMatchObject({ code: 'version_conflict' });
  });
}
