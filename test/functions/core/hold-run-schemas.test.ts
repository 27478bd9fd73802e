import { newBackupId } from '../../../functions/core/ids.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { schemaLockKey } from '../../../functions/core/schema-locks.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { type CorePorts, corePorts } from '../../fixtures/core-ports.ts';
import { HOLD_SETTINGS, holdBackup, holdSilently, queuedBackup } from '../../fixtures/held-backup.ts';

describe('the schemas of a held run', () => {
  let ports: CorePorts;
  let run: Backup;
  beforeEach(async () => {
    ports = corePorts();
    run = await queuedBackup(ports);
  });

  const server = { info: { identity: 'mysql-1' }, lowerCaseTableNames: 0 };
  /** Who has the lock of a schema, if anybody. */
  const holderOf = (schema: string) =>
    ports.locks
      .acquire({ key: schemaLockKey(server, schema), owner: newBackupId(), expiresAt: ports.clock.iso() })
      .then(
        () => undefined,
        ({ details }) => details.runId,
      );

  it('holds their locks while it works, longer than its lease, and frees them at its end', async () => {
    const holders: unknown[] = [];
    await holdBackup(ports, run.id, async ({ lockSchemas }) => {
      await lockSchemas(server, ['shop', 'crm']);
      for (const schema of ['shop', 'crm', 'other']) holders.push(await holderOf(schema));
      ports.clock.pass(HOLD_SETTINGS.leaseMs - 1);
      holders.push(await holderOf('shop'));
      return {};
    });
    expect(holders).toEqual([run.id, run.id, undefined, run.id]);
    expect([await holderOf('shop'), await holderOf('crm')]).toEqual([undefined, undefined]);
  });

  it('frees them too where it failed, was cancelled, or was taken over', async () => {
    const failed = await holdBackup(ports, run.id, async ({ lockSchemas }) => {
      await lockSchemas(server, ['shop']);
      throw new SafeBaseError('dump_truncated', 'the dump has no end line');
    });
    expect(failed?.state).toBe('failed');
    expect(await holderOf('shop')).toBeUndefined();
    run = await queuedBackup(ports);
    const taken = holdSilently(ports, run.id, async ({ lockSchemas, run: held }) => {
      await lockSchemas(server, ['shop']);
      await fail(held);
      return {};
    });
    await expect(taken).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await holderOf('shop')).toBeUndefined();
  });

  it('ends failed with the id of the run that has one, which goes on', async () => {
    const other = await queuedBackup(ports);
    const holders: unknown[] = [];
    let refused: Backup | undefined;
    await holdBackup(ports, other.id, async (first) => {
      await first.lockSchemas(server, ['b']);
      refused = await holdBackup(ports, run.id, async ({ lockSchemas }) => {
        await lockSchemas(server, ['c', 'b', 'a']);
        throw new Error('must not be reached');
      });
      for (const schema of ['a', 'b', 'c']) holders.push(await holderOf(schema));
      return {};
    });
    expect(refused).toMatchObject({
      state: 'failed',
      failure: {
        code: 'run_active',
        reason: expect.stringContaining(other.id),
        hint: expect.stringContaining(other.id),
      },
    });
    expect(holders).toEqual([undefined, other.id, undefined]);
    expect(await ports.backups.get(other.id)).toMatchObject({ state: 'completed' });
  });

  it('takes none any more once it was taken over', async () => {
    let refusal: unknown;
    let holder: unknown;
    const taken = holdSilently(ports, run.id, async ({ lockSchemas, run: held }) => {
      await fail(held);
      refusal = await lockSchemas(server, ['shop']).catch((error: unknown) => error);
      holder = await holderOf('shop');
      return {};
    });
    await expect(taken).rejects.toMatchObject({ code: 'wrong_state' });
    expect([refusal, holder]).toEqual([expect.objectContaining({ code: 'wrong_state' }), undefined]);
  });

  const fail = (held: Backup) =>
    ports.backups.transition(held.id, { from: ['running'], fence: held.fence }, { state: 'failed' });
});
