import { once } from 'node:events';
import { noteReader } from '../../../functions/core/backup-readers.ts';
import { deleteBackup } from '../../../functions/core/delete-backup.ts';
import { newBackupId, newRestoreId } from '../../../functions/core/ids.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { startVerification } from '../../../functions/core/start-verification.ts';
import { verifyBackup } from '../../../functions/core/verify-backup.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';
import { throwIfOver } from '../../../functions/engine/deadline.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { damage, flipped, never, QUEUE_LEASE_MS, scene } from '../../fixtures/verify-scene.ts';

describe('a verification', () => {
  it('reads everything of an undamaged backup, says so, and may be repeated', async () => {
    const { ports, backup, start, run, record } = await scene();
    const queued = await start();
    expect(queued).toMatchObject({ state: 'completed', verification: { state: 'queued', attempt: 1 } });
    const requestedAt = ports.clock.iso();
    const job = { version: 1, kind: 'verify', runId: backup.id, attempt: 1, requestedAt };
    expect(ports.workflows.started).toEqual([job]);
    await run();
    const sizeBytes = [...ports.objects.stored].find(([key]) => key.includes('dump.sql'))?.[1].length;
    expect(await record()).toMatchObject({
      state: 'completed',
      verification: { state: 'passed', bytesRead: sizeBytes, bytesToRead: sizeBytes },
    });
    const { verification } = await record();
    for (const absent of ['failure', 'leaseExpiresAt', 'bytesOnly']) {
      expect(verification).not.toHaveProperty(absent);
    }
    expect(verification).toMatchObject({ startedAt: ports.clock.iso(), endedAt: ports.clock.iso() });
    await start();
    await run(2);
    expect((await record()).verification).toMatchObject({ state: 'passed', attempt: 2 });
  });

  const SIZE = 200;
  it.each<[string, string, (body: Buffer) => Buffer | undefined, string]>([
    ['a bit of the dump', 'dump.sql.zst', flipped(20), 'backup_damaged'],
    ['the last bit of the dump', 'dump.sql.zst', (body) => flipped(body.length - 1)(body), 'backup_damaged'],
    ['the end of the dump', 'dump.sql.zst', (body) => body.subarray(0, -1), 'backup_damaged'],
    ['the dump', 'dump.sql.zst', () => undefined, 'backup_damaged'],
    ['a bit of the manifest', 'manifest.json', flipped(SIZE), 'backup_damaged'],
    ['the manifest', 'manifest.json', () => undefined, 'backup_damaged'],
  ])('finds that %s is not as it was', async (_, end, change, code) => {
    const at = await scene();
    damage(at, end, change);
    await at.start();
    await at.run();
    expect(await at.record()).toMatchObject({
      state: 'completed',
      verification: { state: 'failed', failure: { code, hint: expect.stringMatching(/another backup/) } },
    });
    expect(at.ports.log.lines).toContainEqual(expect.objectContaining({ message: 'a backup is damaged' }));
  });

  it('finds every single bit, wherever it lies', async () => {
    const { ports, backup } = await scene();
    const options = { signal: never, onProgress: () => {} };
    for (const [name, body] of [...ports.objects.stored]) {
      for (let at = 0; at < body.length * 8; at += 7) {
        const changed = Buffer.from(body);
        changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
        ports.objects.stored.set(name, changed);
        const error: unknown = await verifyBackup(ports.objects, backup, options).catch((thrown) => thrown);
        expect([name, at, error]).toEqual([name, at, expect.objectContaining({ code: 'backup_damaged' })]);
      }
      ports.objects.stored.set(name, body);
    }
    expect(await verifyBackup(ports.objects, backup, options)).toEqual({ bytesOnly: [] });
  });

  it.each([
    ['rows', { tables: [{ name: 'items', rows: 4 }] }, /table `items` with 3 of 4 rows/],
    ['a table', { tables: [{ name: 'gone', rows: 1 }] }, /table `gone` with 0 of 1 rows/],
    ['objects', { counts: { ...NO_OBJECTS, tables: 3 } }, /2 of 3 tables/],
  ])('holds %s against the manifest', async (_, changed, reason) => {
    const { start, run, record } = await scene({ changed });
    await start();
    await run();
    expect((await record()).verification).toMatchObject({
      state: 'failed',
      failure: { code: 'backup_damaged', reason: expect.stringMatching(reason) },
    });
  });

  it('ends failed for its own reason, shortened as any, however many tables that names', async () => {
    const tables = Array.from({ length: 1_000 }, (_, index) => ({ name: `gone_${index}`, rows: 1 }));
    const { start, run, record } = await scene({ changed: { tables } });
    await start();
    await run();
    const { code, reason = '' } = (await record()).verification?.failure ?? {};
    expect([code, reason]).toEqual([
      'backup_damaged',
      expect.stringMatching(/`gone_0` with 0 of 1 rows.*…$/),
    ]);
    expect(Buffer.byteLength(reason)).toBeLessThan(20_000);
  });

  it('finds a manifest that belongs to another backup', async () => {
    const at = await scene({ more: { backupId: newBackupId() } });
    await at.start();
    await at.run();
    expect((await at.record()).verification).toMatchObject({
      state: 'failed',
      failure: { reason: expect.stringMatching(/is not the manifest of/) },
    });
  });

  it('proves by bytes alone what nobody can read, and says so', async () => {
    const loss = { kind: 'foreign_key_backtick', schema: 'shop', object: 't', effect: '', certain: true };
    const text = 'CREATE `;\n-- Dump completed on 2026-11-22 12:00:00\n';
    const unread = { text, changed: { tables: undefined }, more: { losses: [loss] } };
    const good = await scene(unread);
    await good.start();
    await good.run();
    expect((await good.record()).verification).toMatchObject({ state: 'passed', bytesOnly: ['shop'] });
    const bad = await scene(unread);
    damage(bad, 'dump.sql.zst', flipped(10));
    await bad.start();
    await bad.run();
    expect((await bad.record()).verification).toMatchObject({ failure: { code: 'backup_damaged' } });
    const untold = await scene({ text, changed: { tables: undefined } });
    await untold.start();
    await untold.run();
    expect((await untold.record()).verification).toMatchObject({ state: 'failed' });
  });

  it('runs one at a time, and keeps the backup from being deleted', async () => {
    const { ports, backup, start } = await scene();
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'verify_active' });
    await expect(deleteBackup(ports, backup.id)).rejects.toMatchObject({ code: 'verify_active' });
    ports.clock.pass(QUEUE_LEASE_MS);
    await start();
    expect(ports.workflows.started).toHaveLength(2);
    ports.clock.pass(QUEUE_LEASE_MS);
    expect(await deleteBackup(ports, backup.id)).toMatchObject({ state: 'deleting' });
    await expect(start()).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('starts once, however many ask at the same time', async () => {
    const { ports, start } = await scene();
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(ports.workflows.started).toHaveLength(1);
  });

  it('refuses the deletion that had looked before it began', async () => {
    const { ports, backup, start } = await scene();
    const transition: typeof ports.backups.transition = async (...change) => {
      await start();
      return ports.backups.transition(...change);
    };
    const late = deleteBackup({ ...ports, backups: { ...ports.backups, transition } }, backup.id);
    await expect(late).rejects.toMatchObject({ code: 'run_active' });
  });

  it('is told as lost when its worker died, and a late worker finds nothing to do', async () => {
    const { ports, start, run, record } = await scene();
    await start();
    ports.clock.pass(QUEUE_LEASE_MS);
    expect((await record()).verification).toMatchObject({
      state: 'failed',
      failure: { code: 'worker_lost' },
    });
    await run();
    expect((await record()).verification).toMatchObject({ failure: { code: 'worker_lost' } });
    const [listed] = (await ports.backups.list({}, { limit: 1 })).items;
    expect(listed?.verification).toMatchObject({ state: 'failed' });
  });

  it('leaves alone what another attempt has taken, and never says passed after its lease', async () => {
    const { ports, start, run, record } = await scene();
    await start();
    const objects = {
      ...ports.objects,
      read: (...asked: Parameters<typeof ports.objects.read>) => {
        ports.clock.pass(60_000);
        return ports.objects.read(...asked);
      },
    };
    await expect(run(1, { objects })).rejects.toMatchObject({ code: 'fenced' });
    expect((await record()).verification).toMatchObject({ failure: { code: 'worker_lost' } });
    await start();
    await run(1);
    expect((await record()).verification).toMatchObject({ state: 'queued', attempt: 2 });
  });

  it('ends at its deadline, and says so', async () => {
    const { start, run, record } = await scene();
    await start();
    const deadline = AbortSignal.abort(new SafeBaseError('deadline_exceeded', 'over'));
    await run(1, {}, { deadline });
    expect((await record()).verification).toMatchObject({ failure: { code: 'deadline_exceeded' } });
  });

  it.each(['manifest.json', 'dump.sql.zst'])('ends at its deadline while %s stalls', async (end) => {
    const { ports, start, run, record } = await scene();
    await start();
    const late = new AbortController();
    const read: typeof ports.objects.read = async function* (...asked) {
      const [key, , , signal] = asked;
      if (!key.endsWith(end)) yield* ports.objects.read(...asked);
      else if (signal === undefined) throw new Error('nothing ends this read');
      else {
        const over = once(signal, 'abort');
        late.abort(new SafeBaseError('deadline_exceeded', 'over'));
        await over;
        throwIfOver(signal);
      }
    };
    await run(1, { objects: { ...ports.objects, read } }, { deadline: late.signal });
    expect((await record()).verification).toMatchObject({ failure: { code: 'deadline_exceeded' } });
  });

  it('gives signs of life with its progress, in the way of nobody', async () => {
    const { ports, backup, start, run, record } = await scene();
    await start();
    const seen: Backup['verification'][] = [];
    const hasBeaten = async (): Promise<boolean> => (await record()).verification?.bytesRead !== undefined;
    const read: typeof ports.objects.read = async function* (...asked) {
      yield* ports.objects.read(...asked);
      const deadline = Date.now() + 4_000;
      while (asked[0].endsWith('.zst') && !(await hasBeaten()) && Date.now() < deadline) {
        await new Promise((resume) => setTimeout(resume, 5));
      }
      seen.push((await record()).verification);
    };
    const restores = { ...ports.restores, get: async () => undefined };
    await noteReader({ ...ports, restores }, backup.id, newRestoreId());
    await run(1, { objects: { ...ports.objects, read } }, { heartbeatMs: 5 });
    expect(seen.at(-1)).toMatchObject({ state: 'running', bytesRead: expect.any(Number) });
    expect(await record()).toMatchObject({
      restoring: [expect.any(String)],
      verification: { state: 'passed' },
    });
  });

  it('tells a start that failed', async () => {
    const { ports, start, record } = await scene();
    ports.workflows.refuse = new SafeBaseError('unavailable', 'away');
    await expect(start()).rejects.toMatchObject({ code: 'unavailable' });
    expect((await record()).verification).toMatchObject({
      state: 'failed',
      failure: { code: 'unavailable' },
    });
  });

  it('refuses what is not there, or no backup', async () => {
    const { ports, backup, start } = await scene();
    const order = { backupId: newBackupId(), requestedBy: 'x', queueLeaseMs: 1 };
    await expect(startVerification(ports, order)).rejects.toMatchObject({ code: 'not_found' });
    const { fence } = backup;
    await ports.backups.transition(backup.id, { from: ['completed'], fence }, { state: 'deleting' });
    await expect(start()).rejects.toMatchObject({ code: 'wrong_state' });
  });
});
