import { newBackupId, newDatabaseId } from '../../functions/core/ids.ts';
import type { Now, RunLocks } from '../../functions/core/ports.ts';
import { stoppedClock } from '../fixtures/clock.ts';

/** What RunLocks promises. @param make locks of their own for each test, with this clock */
export function runLocksContract(make: (now: Now) => Promise<RunLocks>): void {
  it('gives a lock to one of many at once, and tells the others who has it', async () => {
    const clock = stoppedClock();
    const locks = await make(clock.now);
    const key = newDatabaseId();
    const owners = Array.from({ length: 8 }, () => newBackupId());
    const tries = await Promise.allSettled(
      owners.map((owner) => locks.acquire({ key, owner, expiresAt: clock.iso(1_000) })),
    );
    const winners = owners.filter((_, index) => tries[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    const losers = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    for (const error of losers) {
      expect(error).toMatchObject({ code: 'run_active', details: { runId: winners[0] } });
    }
  });

  it('gives it again to its owner, and after its release to another', async () => {
    const clock = stoppedClock();
    const locks = await make(clock.now);
    const [key, one, other] = [newDatabaseId(), newBackupId(), newBackupId()];
    const expiresAt = clock.iso(1_000);
    expect(await locks.acquire({ key, owner: one, expiresAt })).toEqual({});
    expect(await locks.acquire({ key, owner: one, expiresAt })).toEqual({});
    await locks.release({ key, owner: other });
    await expect(locks.acquire({ key, owner: other, expiresAt })).rejects.toMatchObject({
      code: 'run_active',
    });
    await locks.release({ key, owner: one });
    await locks.release({ key, owner: one });
    expect(await locks.acquire({ key, owner: other, expiresAt })).toEqual({});
  });

  it('is taken over when its time is over, and the earlier owner finds out', async () => {
    const clock = stoppedClock();
    const locks = await make(clock.now);
    const [key, one, other] = [newDatabaseId(), newBackupId(), newBackupId()];
    await locks.acquire({ key, owner: one, expiresAt: clock.iso(1_000) });
    clock.pass(900);
    await locks.extend({ key, owner: one, expiresAt: clock.iso(1_000) });
    clock.pass(900);
    await expect(locks.acquire({ key, owner: other, expiresAt: clock.iso(1) })).rejects.toMatchObject({
      code: 'run_active',
    });
    clock.pass(100);
    expect(await locks.acquire({ key, owner: other, expiresAt: clock.iso(1_000) })).toEqual({
      lostOwner: one,
    });
    await expect(locks.extend({ key, owner: one, expiresAt: clock.iso(1_000) })).rejects.toMatchObject({
      code: 'fenced',
    });
  });
}
