import { keepLease } from '../../../functions/core/keep-lease.ts';
import { stoppedClock } from '../../fixtures/clock.ts';
import { recordingLog } from '../../ports/recorders.ts';

const clock = stoppedClock();
const taken = (leaseExpiresAt: string | undefined) =>
  keepLease(
    { log: recordingLog(), now: clock.now },
    { leaseMs: 1_000, heartbeatMs: 60_000 },
    { name: 'the lease of x', owner: {}, beat: async () => {}, leaseExpiresAt },
  );

describe('keepLease', () => {
  it('holds while its time lasts', async () => {
    const lease = taken(clock.iso(1_000));
    lease.look();
    expect(lease.lost.aborted).toBe(false);
    await lease.stop();
  });

  it('holds nothing that was taken without a time', async () => {
    const lease = taken(undefined);
    lease.look();
    expect(lease.lost.reason).toMatchObject({ code: 'fenced' });
    await expect(lease.stop()).rejects.toMatchObject({ code: 'fenced' });
  });
});
