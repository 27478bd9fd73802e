import { newBackupId, newTokenId } from '../../functions/core/ids.ts';
import type { IdempotencyStore, Token, TokenStore } from '../../functions/core/ports.ts';

/** What IdempotencyStore promises. */
export function idempotencyContract(make: () => Promise<IdempotencyStore>): void {
  it('lets the first claim stand, whoever comes later', async () => {
    const store = await make();
    const [one, other] = [newBackupId(), newBackupId()];
    const until = new Date(Date.now() + 60_000).toISOString();
    expect(await store.claim('s/1', one, until)).toEqual({ runId: one, first: true });
    expect(await store.claim('s/1', other, until)).toEqual({ runId: one, first: false });
    expect(await store.claim('s/1', one, until)).toEqual({ runId: one, first: true });
    expect(await store.claim('s/2', other, until)).toEqual({ runId: other, first: true });
  });
}

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
