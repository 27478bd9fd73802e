/** Kills at random: where the exact places of the other tests were not thought of. */
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BackupFormat } from '../../functions/core/backup-format.ts';
import type { EngineName } from '../../local/engines/packages.ts';
import { randomFrom } from '../../local/sample/random.ts';
import { childrenOf } from '../functions/engine/test-database.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type KillableLaptop, startKillableLaptop } from './killable-laptop.ts';
import type { RunKind } from './kills.ts';
import { openSource, type Source } from './source.ts';
import { overwriting } from './strike-in.ts';

const SEED = 94;
const START_MS = 240_000;
/** The longest; most take two seconds. */
const ROUND_MS = 90_000;

const VICTIMS = ['program', 'worker', 'workflow', 'cloud', 'server'] as const;
const ENDS: Readonly<Record<(typeof VICTIMS)[number], RegExp>> = {
  program: /^(dump|load)_killed$/,
  worker: /^worker_lost$/,
  // Its state is in the store: it goes on in another process.
  workflow: /^never$/,
  cloud: /^worker_lost$/,
  // One that dies during a handshake breaks TLS; the dump tools overlook the death of one that lists its views.
  server: /^(connection_(lost|refused)|tls_failed|dump_incomplete)$/,
};

/**
 * Tests that kill something of a run, at moments that are the same every time.
 * @param rounds how often in backups, and how often in restores
 * @param format of the backups
 */
export function describeRandomKills(engine: EngineName, rounds: number, format: BackupFormat): void {
  describe(`something of a run in format ${format} on ${engine} that is killed at any moment`, () => {
    let source: Source;
    let killable: KillableLaptop;
    let databaseId: string;
    let good: string;
    const seconds = { backup: 0, restore: 0 };

    beforeAll(async () => {
      killable = await startKillableLaptop();
      source = await openSource(engine, ['--local-infile=1']);
      const laptop = killable.calls();
      databaseId = await source.register(laptop);
      // The second of each tells how long one takes: the first has its function to load.
      good = await backUp();
      await restore();
      const backup = await laptop.backUp(databaseId, { format });
      const restored = await laptop.restore(good, overwriting(databaseId));
      for (const [kind, { startedAt, endedAt }] of Object.entries({ backup, restore: restored })) {
        seconds[kind as RunKind] = (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
      }
    }, START_MS);
    afterAll(async () => {
      killable?.discard();
      await source?.close();
    });

    it.each(['backup', 'restore'] as const)(
      'never leaves a false success of a %s',
      async (kind) => {
        const random = randomFrom(SEED);
        const ends: string[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const victim = random.pick(VICTIMS);
          const record = await struck(kind, victim, (seconds[kind] * random.int(1_000)) / 1_000);
          ends.push(record.failure?.code ?? record.state);
          if (record.state !== 'completed') {
            expect(record.state).toBe('failed');
            expect([record.failure.code, record.failure.reason]).toEqual([
              expect.stringMatching(ENDS[victim]),
              expect.any(String),
            ]);
          }
          // Whatever ended well must hold: a backup is restored, and so is the last good one after a failure.
          if (kind === 'backup' && record.state === 'completed') good = record.id;
          if (kind === 'backup' && record.state === 'failed') good = await backUp();
          if (kind === 'backup' || record.state === 'failed') await restore();
          expect(await source.differences()).toEqual([]);
        }
        console.log(`${engine}, ${format}, ${kind}: ${ends.join(' ')}`);
        expect(ends.filter((end) => end !== 'completed').length).toBeGreaterThanOrEqual(rounds / 6);
      },
      rounds * ROUND_MS,
    );

    const processesOf = (kind: RunKind) => killable.processesOf(`${kind}-public`);
    const KILL: Readonly<Record<(typeof VICTIMS)[number], (kind: RunKind) => unknown>> = {
      program: (kind) => killAll(processesOf(kind).flatMap((pid) => childrenOf(pid, '/bin/m'))),
      worker: (kind) => killAll(processesOf(kind)),
      workflow: () => killAll(killable.processesOf('workflow')),
      cloud: async () => {
        await killable.kill();
        await killable.start();
      },
      server: () => source.server().kill(),
    };

    /** Starts a run, kills after so many seconds what is there to kill, and waits for the end. */
    async function struck(kind: RunKind, victim: (typeof VICTIMS)[number], after: number) {
      const laptop = killable.calls();
      const { body } = await (kind === 'backup'
        ? laptop.api('POST', '/backup', { databaseId, format })
        : laptop.api('POST', `/restore/${good}`, overwriting(databaseId)));
      await pause(after * 1_000);
      await KILL[victim](kind);
      const record = await killable.calls().ended(`/${kind}/${body.id}`);
      if (victim === 'server') await source.restartServer();
      return record;
    }

    async function backUp(): Promise<string> {
      const backup = await killable.calls().backUp(databaseId, { format });
      expect(backup.failure).toBeUndefined();
      return backup.id;
    }

    /** MySQL that was killed within DROP DATABASE needs a hand, which the hint asks for. */
    function moveAway({ reason }: { readonly reason: string }): void {
      const [, schema = ''] = /the schema (\w+)/.exec(reason) ?? [];
      renameSync(join(dirname(source.server().socket), 'data', schema), join(temporaryFolder(), 'left'));
    }

    async function restore(): Promise<void> {
      const again = () => killable.calls().restore(good, overwriting(databaseId));
      let restored = await again();
      for (; restored.failure?.code === 'schema_left_behind'; restored = await again())
        moveAway(restored.failure);
      expect(restored.failure).toBeUndefined();
    }
  });
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}
