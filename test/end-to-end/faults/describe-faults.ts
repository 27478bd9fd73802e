/** Fails the N-th outgoing call of a job, for N = 1, 2, 3 … until a run passes untouched, as the tests of SQLite do. */
import type { EngineName } from '../../../local/engines/packages.ts';
import { randomFrom } from '../../../local/sample/random.ts';
import { FAULT_JOBS, type FaultJob } from './jobs.ts';
import { FAULT_KINDS, type FaultKind, type Shot } from './kinds.ts';
import { type FaultStage, openFaultStage } from './stage.ts';

const IS_FULL = process.env.SAFEBASE_FULL === '1';
const START_MS = 240_000;
const TEST_MS = 900_000;
const SEED = 94;
/** Of each job and way, where not all are struck. */
const SAMPLE = 6;

type JobName = keyof typeof FAULT_JOBS;
type WayName = keyof FaultStage['ways'];

/** @param pairs what each job calls */
export function describeFaults(pairs: readonly (readonly [JobName, WayName])[]): void {
  describe.each<EngineName>(IS_FULL ? ['mariadb-11.8', 'mysql-9.7'] : ['mariadb-11.8'])(
    'a call that fails, beside a server of %s',
    (engine) => {
      let stage: FaultStage;
      beforeAll(async () => {
        stage = await openFaultStage(engine);
      }, START_MS);
      afterAll(() => stage?.close());

      it.each(pairs)(
        'leaves %s with a true end, whichever call to %s it is',
        async (name, way) => {
          const job = FAULT_JOBS[name];
          const prepared = await job.prepare(stage);
          const wrong: string[] = [];
          const ends = new Map<string, number>();
          const strike = async (shot: Shot): Promise<boolean> => {
            const { struck, end, isWrong } = await struckRun(stage, { job, way, prepared, shot });
            if (isWrong)
              wrong.push(`${shot.kind} of call ${shot.call} (${struck}), ${shot.repeated}: ${end}`);
            else ends.set(end, (ends.get(end) ?? 0) + 1);
            return struck !== undefined;
          };
          const isAll = IS_FULL && engine === 'mariadb-11.8';
          const shots = isAll
            ? await strikeAll(way, strike)
            : await strikeSome(stage, { job, way, prepared }, strike);
          const told = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
          console.log(`${engine}, ${name}, ${way}: ${shots} calls were struck: ${told}`);
          expect(wrong).toEqual([]);
        },
        TEST_MS,
      );
    },
  );
}

/** Every call, until one is out of reach; of what is many or slow every second or third. @returns how many were struck */
async function strikeAll(way: WayName, strike: (shot: Shot) => Promise<boolean>): Promise<number> {
  let struck = 0;
  for (const kind of FAULT_KINDS) {
    for (const repeated of way === 'aws' ? [false, true] : [false]) {
      const step = stepOf(kind, way, repeated);
      const first = 1 + (FAULT_KINDS.indexOf(kind) % step);
      for (let call = first; await strike({ call, kind, repeated }); call += step) struck += 1;
    }
  }
  return struck;
}

function stepOf(kind: FaultKind, way: WayName, repeated: boolean): number {
  // A program that gets no answer waits until the end of its worker's time.
  if (way === 'database') return kind === 'timeout' ? 13 : kind === 'error' ? 1 : 2;
  return repeated && (kind === 'timeout' || kind === 'throttled') ? 3 : 1;
}

/** A sample, the same every time. @returns how many were struck */
async function strikeSome(
  stage: FaultStage,
  run: Omit<StruckRun, 'shot'>,
  strike: (shot: Shot) => Promise<boolean>,
): Promise<number> {
  const untouched = await struckRun(stage, run);
  expect(untouched.end).toBe('completed');
  const random = randomFrom(SEED);
  let struck = 0;
  for (let round = 0; round < SAMPLE; round += 1) {
    const call = 1 + random.int(untouched.calls);
    const kind = FAULT_KINDS[round % FAULT_KINDS.length] ?? 'error';
    if (kind === 'timeout' && run.way === 'database' && !IS_FULL) continue;
    // What the SDK saves by a repetition, and what it cannot save.
    if (await strike({ call, kind, repeated: round % 2 === 0 && kind !== 'throttled' })) struck += 1;
  }
  return struck;
}

interface StruckRun {
  readonly job: FaultJob;
  readonly way: WayName;
  /** As the job's `prepare` gave it. */
  readonly prepared: string;
  readonly shot?: Shot;
}

/** One run with one call that fails. @returns the call that was struck, if any, and how the run ended */
async function struckRun(stage: FaultStage, { job, way, prepared, shot }: StruckRun) {
  const { [way]: faulty } = stage.ways;
  const given = job.usesUp ? await job.prepare(stage) : prepared;
  await stage.quiet();
  faulty.aim(shot);
  let met: { readonly struck?: string | undefined; readonly calls: number } = { calls: 0 };
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
    return { ...met, end: `${end} ${left}`.trim(), isWrong: left.length > 0 };
  } catch (error) {
    if (met.calls === 0) stopCounting();
    return { ...met, end: String(error), isWrong: true };
  }
}
