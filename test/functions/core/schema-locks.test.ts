import { fenceLostRun } from '../../../functions/core/end-lost-run.ts';
import { newDatabaseId, newRestoreId } from '../../../functions/core/ids.ts';
import type { Backup, Restore } from '../../../functions/core/run.ts';
import { schemaLocks } from '../../../functions/core/schema-locks.ts';
import { type CorePorts, corePorts } from '../../fixtures/core-ports.ts';
import { aBackup } from '../../fixtures/records.ts';

const server = { info: { identity: 'mysql-1' }, lowerCaseTableNames: 0 };
const LIFE_MS = 900_000;

describe('locks of schemas', () => {
  let ports: CorePorts;
  beforeEach(() => {
    ports = corePorts();
  });

  /** A backup whose worker lives for a minute, and its locks. */
  async function running(change: Partial<Backup> = {}) {
    const run = aBackup(newDatabaseId(), { state: 'running', fence: 1, ...change }, ports.now());
    await ports.backups.create(run);
    return { run, locks: schemaLocks(ports, run, ports.clock.iso(LIFE_MS)) };
  }
  const refusal = (holder: { readonly run: Backup | Restore }) => ({
    code: 'run_active',
    details: { runId: holder.run.id },
    hint: expect.stringContaining(holder.run.id),
  });

  it('exclude runs of two records of one server, as far as their schemas meet', async () => {
    const [one, other] = [await running(), await running()];
    await one.locks.take(server, ['a', 'b']);
    await other.locks.take(server, ['c']);
    await expect(other.locks.take(server, ['b'])).rejects.toMatchObject(refusal(one));
    await other.locks.take({ ...server, info: { identity: 'mysql-2' } }, ['b']);
    await one.locks.release();
    await other.locks.take(server, ['b']);
  });

  it('exclude a restore as well', async () => {
    const { run } = await running();
    const { format: _, ...common } = run;
    const restore: Restore = {
      ...common,
      id: newRestoreId(),
      backupId: run.id,
      sourceDatabaseId: newDatabaseId(),
      schemas: { a: 'shop' },
      overwrite: false,
    };
    await ports.restores.create(restore);
    await schemaLocks(ports, restore, ports.clock.iso(LIFE_MS)).take(server, ['shop']);
    const backup = await running();
    await expect(backup.locks.take(server, ['shop'])).rejects.toMatchObject(refusal({ run: restore }));
    await ports.restores.transition(
      restore.id,
      { from: ['running'], fence: 1 },
      { state: 'failed', fence: 2 },
    );
    await backup.locks.take(server, ['shop']);
  });

  it.each([
    [0, false],
    [1, true],
    [2, true],
  ])(
    'take names that differ in case for one where lower_case_table_names is %d: %p',
    async (setting, same) => {
      const folding = { ...server, lowerCaseTableNames: setting };
      const [one, other] = [await running(), await running()];
      await one.locks.take(folding, ['Shop']);
      const taking = other.locks.take(folding, ['shop']);
      await (same ? expect(taking).rejects.toMatchObject(refusal(one)) : taking);
    },
  );

  it('are taken again by their own run, and given by it to nobody else', async () => {
    const [one, other] = [await running(), await running()];
    await one.locks.take(server, ['a']);
    await one.locks.take(server, ['a', 'a']);
    await expect(other.locks.take(server, ['a'])).rejects.toMatchObject(refusal(one));
    await other.locks.release();
    await expect(other.locks.take(server, ['a'])).rejects.toMatchObject(refusal(one));
  });

  it('are not waited for once their run has ended, whoever wrote that down', async () => {
    const [one, other] = [await running(), await running()];
    await one.locks.take(server, ['a']);
    ports.clock.pass(60_001);
    // Its worker may only be slow to see that its lease is over: the sweeper fences it off first.
    await expect(other.locks.take(server, ['a'])).rejects.toMatchObject(refusal(one));
    await ports.backups.transition(
      one.run.id,
      { from: ['running'], fence: 1 },
      { state: 'failed', fence: 2 },
    );
    await other.locks.take(server, ['a']);
    await one.locks.release();
    await expect(
      ports.locks.extend({ key: 'mysql-1/a', owner: other.run.id, expiresAt: ports.clock.iso(1) }),
    ).resolves.toBeUndefined();
  });

  it('are not waited for once a start has fenced their run off, before it has a final state', async () => {
    const [lost, next] = [await running(), await running()];
    await lost.locks.take(server, ['a']);
    ports.clock.pass(60_001);
    await fenceLostRun(ports, lost.run.id);
    expect(await ports.backups.get(lost.run.id)).toMatchObject({ state: 'running', fence: 2 });
    await next.locks.take(server, ['a']);
  });

  it('are free when their worker is gone for certain', async () => {
    const [one, other] = [await running(), await running()];
    await one.locks.take(server, ['a']);
    ports.clock.pass(LIFE_MS - 1);
    await expect(other.locks.take(server, ['a'])).rejects.toMatchObject(refusal(one));
    ports.clock.pass(1);
    await other.locks.take(server, ['a']);
  });

  it('that cannot be freed are told in the log, and the others are freed', async () => {
    const release: CorePorts['locks']['release'] = async (lock) => {
      if (lock.key.endsWith('/a')) throw new Error('away');
      return ports.locks.release(lock);
    };
    const { run } = await running();
    const locks = schemaLocks(
      { ...ports, locks: { ...ports.locks, release } },
      run,
      ports.clock.iso(LIFE_MS),
    );
    await locks.take(server, ['a', 'b']);
    await locks.release();
    expect(ports.log.lines.map(({ message }) => message)).toEqual(['lock not released']);
    await (await running()).locks.take(server, ['b']);
  });
});
