/** Fails the N-th outgoing call of a job, for N = 1, 2, 3 … until a run passes untouched, as the tests of SQLite do. */
import type { BackupFormat } from '../../../functions/core/backup-format.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { randomFrom } from '../../../local/sample/random.ts';
import { type FaultJob, type FaultJobs, faultJobs } from './jobs.ts';
import { FAULT_KINDS, type Shot } from './kinds.ts';
import { type FaultStage, type FaultStages, openFaultStages } from './stage.ts';

const IS_FULL = process.env.SAFEBASE_FULL === '1';
/** A run that is struck mostly waits: so many go side by side, and leave room for the tests of another file. */
const STAGES = IS_FULL ? 4 : 1;
const START_MS = 240_000;
const TEST_MS = 1_800_000;
const SEED = 94;
/** Of each job and way, where not all are struck. */
const SAMPLE = 6;

type JobName = keyof FaultJobs;
type WayName = keyof FaultStage['ways'];

/**
 * @param pairs what each job calls
 * @param format of the backups that they work on
 */
export function describeFaults(
  pairs: readonly (readonly [JobName, WayName])[],
  format: BackupFormat = 'sql',
): void {
  const jobs = faultJobs(format);
  describe.each<EngineName>(IS_FULL ? ['mariadb-11.8', 'mysql-9.7'] : ['mariadb-11.8'])(
    `a call that fails, beside a server of %s and backups in format ${format}`,
    (engine) => {
      let opened: FaultStages;
      beforeAll(async () => {
        opened = await openFaultStages(engine, STAGES);
      }, START_MS);
      afterAll(() => opened?.close());

      it.each(pairs)(
        'leaves %s with a true end, whichever call to %s it is',
        async (name, way) => {
          const ends = new Map<string, number>();
          const wrong: string[] = [];
          const work: Work = {
            job: jobs[name],
            way,
            note: ({ end, isWrong, struck }, { call, kind, repeated }) => {
              if (isWrong) wrong.push(`${kind} of call ${call} (${struck}), ${repeated}: ${end}`);
              else if (struck !== undefined) ends.set(end, (ends.get(end) ?? 0) + 1);
            },
          };
          await (IS_FULL ? strikeAll(opened.stages, work) : strikeSome(opened.stages, work));
          const told = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
          console.log(`${engine}, ${format}, ${name}, ${way}: calls were struck: ${told}`);
          expect(wrong).toEqual([]);
          expect(ends.size).toBeGreaterThan(0);
        },
        TEST_MS,
      );
    },
  );
}

interface Work {
  readonly job: FaultJob;
  readonly way: WayName;
  readonly note: (met: Met, shot: Shot) => void;
}

/** Every call in every way, shared out among the stages. */
async function strikeAll(stages: readonly FaultStage[], work: Work): Promise<void> {
  const aims = allAims(work.way);
  const strikeOn = async (stage: FaultStage): Promise<void> => {
    const prepared = await work.job.prepare(stage);
    for (const { shot, missed } of aims) {
      const met = await struckRun(stage, { ...work, prepared, shot });
      work.note(met, shot);
      if (met.struck === undefined) missed();
    }
  };
  await Promise.all(stages.map(strikeOn));
}

/**
 * For each kind N = 1, 2, 3 … until one tells that it has missed: there the run passes untouched. The kinds take turns, as
 * some wait and others work; what makes a client send less from then on comes last.
 */
function* allAims(way: WayName): Generator<{ readonly shot: Shot; readonly missed: () => unknown }> {
  const others = FAULT_KINDS.filter((kind) => kind !== 'throttled');
  for (const kinds of [others, ['throttled'] as const]) {
    // A call to the database is not repeated.
    const again = way === 'aws' ? [false, true] : [false];
    const open = new Set(kinds.flatMap((kind) => again.map((repeated) => ({ kind, repeated }))));
    for (let call = 1; open.size > 0; call += 1) {
      for (const one of open) yield { shot: { call, ...one }, missed: () => open.delete(one) };
    }
  }
}

/** A sample, the same every time. */
async function strikeSome([stage]: readonly FaultStage[], work: Work): Promise<void> {
  if (stage === undefined) throw new Error('no stage was opened');
  const prepared = await work.job.prepare(stage);
  const untouched = await struckRun(stage, { ...work, prepared });
  expect(untouched.end).toBe('completed');
  const random = randomFrom(SEED);
  for (let round = 0; round < SAMPLE; round += 1) {
    const call = 1 + random.int(untouched.calls);
    const kind = FAULT_KINDS[round % FAULT_KINDS.length] ?? 'error';
    // A program that gets no answer waits until the end of its worker's time.
    if (kind === 'timeout' && work.way === 'database') continue;
    // What the SDK saves by a repetition, and what it cannot save.
    const shot = { call, kind, repeated: round % 2 === 0 && kind !== 'throttled' };
    work.note(await struckRun(stage, { ...work, prepared, shot }), shot);
  }
}

interface StruckRun extends Pick<Work, 'job' | 'way'> {
  /** As the job's `prepare` gave it. */
  readonly prepared: string;
  readonly shot?: Shot;
}

interface Met {
  /** The call that was struck, if any. */
  readonly struck?: string | undefined;
  readonly calls: number;
  /** How the run ended. */
  readonly end: string;
  readonly isWrong: boolean;
}

/** One run with one call that fails. */
async function struckRun(stage: FaultStage, { job, way, prepared, shot }: StruckRun): Promise<Met> {
  const { [way]: faulty } = stage.ways;
  const given = job.usesUp ? await job.prepare(stage) : prepared;
  await stage.quiet();
  faulty.aim(shot);
  let met: Pick<Met, 'struck' | 'calls'> = { calls: 0 };
  const stopCounting = (): void => {
    met = { struck: faulty.struck(), calls: faulty.calls().length };
    faulty.aim();
  };
  try {
    const path = await job.start(stage, given);
    await job.ended(stage, path);
    await stage.quiet();
    stopCounting();
    await stage.sweep();
    const end = await job.judge(stage, path, given);
    const left = await stage.uploads();
    // What nothing has struck has no reason to fail.
    const isWrong = left.length > 0 || (met.struck === undefined && end !== 'completed');
    return { ...met, end: `${end} ${left}`.trim(), isWrong };
  } catch (error) {
    if (met.calls === 0) stopCounting();
    return { ...met, end: String(error), isWrong: true };
  }
}
