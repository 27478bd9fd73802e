import { settleVerification, verificationLeft } from '../../../functions/core/settle-verification.ts';
import { firstVerification } from '../../../functions/core/verification.ts';
import { scene } from '../../fixtures/verify-scene.ts';

/** A backup that its run did not read back, as it ends. */
async function ended() {
  const at = await scene();
  const { ports, backup } = at;
  const verification = firstVerification(ports.now());
  await ports.backups.transition(
    backup.id,
    { from: ['completed'], fence: backup.fence },
    { state: 'completed', verification },
  );
  const left = async () => {
    const job = await verificationLeft(ports, backup.id);
    if (job === null) throw new Error('nothing is left to do');
    return job;
  };
  return { ...at, left };
}

it('a backup that was not read back leaves its verification to its workflow, whose worker takes it', async () => {
  const { ports, backup, left, run, record } = await ended();
  const requestedAt = ports.clock.iso();
  const job = { version: 1, kind: 'verify', runId: backup.id, attempt: 1, requestedAt };
  expect(await left()).toEqual(job);
  await run(1);
  expect((await record()).verification).toMatchObject({ state: 'passed', requestedBy: 'backup' });
  expect(await verificationLeft(ports, backup.id)).toBeNull();
});

it('nothing is left to do where the run read it back, or somebody else has begun', async () => {
  const asked = await scene();
  expect(await verificationLeft(asked.ports, asked.backup.id)).toBeNull();
  await asked.start();
  expect(await verificationLeft(asked.ports, asked.backup.id)).toBeNull();
});

it('a verification whose worker is gone ends at once without a result, and not as damaged', async () => {
  const { ports, left, record } = await ended();
  ports.clock.pass(5_000);
  await settleVerification(ports, await left());
  const { verification } = await record();
  expect(verification).toMatchObject({
    state: 'failed',
    endedAt: ports.clock.iso(),
    failure: {
      code: 'worker_lost',
      reason: expect.stringMatching(/was not finished/),
      hint: expect.stringMatching(/^No damage was found/),
    },
  });
  expect(verification).not.toHaveProperty('leaseExpiresAt');
  expect(ports.log.lines).toContainEqual(
    expect.objectContaining({ message: 'a verification came to no result, its worker is gone' }),
  );
});

it('what has ended stays as it is, and so does the next one', async () => {
  const { ports, left, run, start, record } = await ended();
  const job = await left();
  await run(1);
  await settleVerification(ports, job);
  expect((await record()).verification).toMatchObject({ state: 'passed', attempt: 1 });
  await start();
  await settleVerification(ports, job);
  expect((await record()).verification).toMatchObject({ state: 'queued', attempt: 2 });
});
