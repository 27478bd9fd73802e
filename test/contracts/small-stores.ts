import { newBackupId, newTokenId, type RunId } from '../../functions/core/ids.ts';
import type { Claim, IdempotencyStore, Token, TokenStore } from '../../functions/core/ports.ts';

/** What IdempotencyStore promises. */
export function idempotencyContract(make: () => Promise<IdempotencyStore>): void {
  it('lets the first claim stand, whoever comes later', async () => {
    const store = await make();
    const [one, other] = [newBackupId(), newBackupId()];
    const { claim } = store;
    expect(await claim(aClaim('s/1', one, 'a'))).toMatchObject({ runId: one, request: 'a', first: true });
    expect(await claim(aClaim('s/1', other, 'b'))).toMatchObject({ runId: one, request: 'a', first: false });
    expect(await claim(aClaim('s/1', one, 'a'))).toMatchObject({ runId: one, first: true });
    expect(await claim(aClaim('s/2', other, 'b'))).toMatchObject({ runId: other, first: true });
  });

  it('lets one of many renew a claim', async () => {
    const store = await make();
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
