import { readFormerBackup } from '../../../functions/core/former-backup.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { aBackup } from '../../fixtures/records.ts';
import { storedBackup } from '../../fixtures/stored-backup.ts';

async function scene() {
  const ports = corePorts();
  const database = await registered(ports);
  const before = await storedBackup(ports, database);
  ports.clock.pass(1_000);
  const run = aBackup(database.id, { state: 'running' }, ports.now());
  await ports.backups.create(run);
  const read = (signal = new AbortController().signal) =>
    readFormerBackup({ ...ports, runs: ports.backups }, run, signal);
  return { ports, database, before, read };
}

describe('the backup before', () => {
  it('is the last of the same database that is one, as its manifest tells', async () => {
    const { ports, database, before, read } = await scene();
    ports.clock.pass(1_000);
    await ports.backups.create(aBackup(database.id, { state: 'failed' }, ports.now()));
    await storedBackup(ports, await registered(ports));
    expect(await read()).toEqual({
      id: before.id,
      schemas: [{ name: 'shop', counts: NO_OBJECTS, tables: [], text: { format: 'sql', bytes: 9 } }],
    });
  });

  it('is told by its record where the manifest cannot be read, and that is logged', async () => {
    const { ports, before, read } = await scene();
    await ports.objects.removeAll('databases/');
    expect(await read()).toEqual({ id: before.id, schemas: before.schemas });
    expect(ports.log.lines).toMatchObject([{ message: 'the manifest of the backup before cannot be read' }]);
  });

  it('is not waited for once the run is over', async () => {
    const { ports, read } = await scene();
    await ports.objects.removeAll('databases/');
    const cancelled = new SafeBaseError('cancelled', 'bk_1 was cancelled');
    await expect(read(AbortSignal.abort(cancelled))).rejects.toBe(cancelled);
  });

  it('may not be there', async () => {
    const ports = corePorts();
    const run = aBackup((await registered(ports)).id, { state: 'running' }, ports.now());
    await ports.backups.create(run);
    const { signal } = new AbortController();
    expect(await readFormerBackup({ ...ports, runs: ports.backups }, run, signal)).toBeUndefined();
  });
});
