import { startMissingVerifications } from '../../../functions/core/start-missing-verifications.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { dumpedBackup } from '../../fixtures/dumped-backup.ts';
import { aBackup } from '../../fixtures/records.ts';
import { damage, flipped, never, QUEUE_LEASE_MS, scene } from '../../fixtures/verify-scene.ts';

describe('startMissingVerifications', () => {
  const settings = { queueLeaseMs: QUEUE_LEASE_MS, deadline: never };

  it('starts those that their run did not read back, once', async () => {
    const { ports, database, backup } = await scene();
    const { id, fence } = await dumpedBackup(ports, database);
    await ports.backups.transition(id, { from: ['completed'], fence }, { state: 'completed', reread: true });
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 1 });
    expect(ports.workflows.started).toMatchObject([{ kind: 'verify', runId: backup.id }]);
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 0 });
  });

  it('tries again, three times in all, after a worker that died, and never after damage', async () => {
    const { ports } = await scene();
    for (const started of [1, 1, 1, 0]) {
      expect(await startMissingVerifications(ports, settings)).toMatchObject({
        verificationsStarted: started,
      });
      ports.clock.pass(QUEUE_LEASE_MS);
    }
    const damaged = await scene();
    damage(damaged, 'dump.sql.zst', flipped(9));
    await startMissingVerifications(damaged.ports, settings);
    await damaged.run();
    expect(await startMissingVerifications(damaged.ports, settings)).toMatchObject({
      verificationsStarted: 0,
    });
  });

  it('counts only those that failed since the last one that did not', async () => {
    const { ports, start, run } = await scene();
    for (const attempt of [1, 2, 3]) {
      await start();
      await run(attempt);
    }
    await start();
    for (const started of [1, 1, 0]) {
      ports.clock.pass(QUEUE_LEASE_MS);
      expect(await startMissingVerifications(ports, settings)).toMatchObject({
        verificationsStarted: started,
      });
    }
    await start();
    await run(7);
    await start();
    ports.clock.pass(QUEUE_LEASE_MS);
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 1 });
  });

  it('tries again also what somebody asked for, where the run had read back what it stored', async () => {
    const { ports, backup, start } = await scene();
    const { id, fence } = backup;
    await ports.backups.transition(id, { from: ['completed'], fence }, { state: 'completed', reread: true });
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 0 });
    await start();
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 0 });
    ports.clock.pass(QUEUE_LEASE_MS);
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 1 });
  });

  it('starts those that were adopted, two at a time, and they stand in no way', async () => {
    const { ports, database, backup } = await scene();
    const adopted = new Set<string>();
    while (adopted.size < 5) {
      const one = aBackup(database.id, { state: 'completed', adopted: true }, ports.now());
      await ports.backups.create(one);
      adopted.add(one.id);
    }
    for (const verificationsStarted of [3, 2, 1, 0]) {
      expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted });
    }
    const started = ports.workflows.started.map(({ runId }) => runId);
    expect(new Set(started)).toEqual(adopted.add(backup.id));
  });

  it('comes within six hours to one that was never verified, however old', async () => {
    const { ports } = await scene();
    ports.clock.pass(1_000 * 24 * 3_600_000);
    for (let minute = 0; minute < 360; minute += 1) {
      await startMissingVerifications(ports, settings);
      if (ports.workflows.started.length > 0) return;
      ports.clock.pass(60_000);
    }
    throw new Error('it was missed');
  });

  it('starts ten at a time, and one that cannot be started stands in no way', async () => {
    const { ports, database } = await scene();
    for (let made = 1; made < 12; made += 1) await dumpedBackup(ports, database);
    expect(await startMissingVerifications(ports, settings)).toMatchObject({ verificationsStarted: 10 });
    ports.workflows.refuse = new SafeBaseError('unavailable', 'away');
    expect(await startMissingVerifications(ports, settings)).toEqual({
      verificationsStarted: 0,
      verificationsRefused: 2,
    });
  });
});
