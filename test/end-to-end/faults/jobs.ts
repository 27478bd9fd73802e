/** The jobs whose calls are made to fail, and what must hold after each, whatever has failed. */

import type { BackupFormat } from '../../../functions/core/backup-format.ts';
import { waitUntil } from '../../local/wait-until.ts';
import type { Answer } from '../laptop.ts';
import { type FaultStage, RUN_MS } from './stage.ts';

export interface FaultJob {
  /** Whether each run needs a preparation of its own. @default no */
  readonly usesUp?: true;
  /** What it needs before anything fails. @returns an id */
  prepare(stage: FaultStage): Promise<string>;
  /** Starts it. @param prepared as `prepare` gave it @returns the path of what it works on */
  start(stage: FaultStage, prepared: string): Promise<string>;
  /** Waits for its end. */
  ended(stage: FaultStage, path: string): Promise<void>;
  /** @returns how it ended, `completed` or a reason, after looking whether that is true @throws Error where it is not */
  judge(stage: FaultStage, path: string, prepared: string): Promise<string>;
}

export type FaultJobs = Readonly<Record<'backup' | 'restore' | 'expire' | 'verify', FaultJob>>;

/** @param format of all backups */
export const faultJobs = (format: BackupFormat): FaultJobs => ({
  backup: {
    prepare: (stage) => goodBackup(stage, format),
    start: (stage) => started(stage, 'POST', '/backup', { databaseId: stage.databaseId, format }),
    ended: async ({ laptop }, path) => void (await laptop.ended(path)),
    judge: async (stage, path, good) => {
      const backup = await bodyAt(stage, path);
      if (backup.state !== 'completed') return failureOf(stage, backup);
      const dump = await stage.dumpOf(backup.id);
      if (dump !== (await stage.dumpOf(good)))
        throw new Error(`${backup.id} is completed and holds something else`);
      return 'completed';
    },
  },
  restore: {
    prepare: (stage) => goodBackup(stage, format),
    start: (stage, good) => started(stage, 'POST', `/restore/${good}`, orderOf(stage)),
    ended: async ({ laptop }, path) => void (await laptop.ended(path)),
    judge: async (stage, path, good) => {
      const restore = await bodyAt(stage, path);
      const differences = await stage.differences();
      const [{ state = 'untouched' } = {}] = restore.restored ?? [];
      if (differences.length > 0 && (restore.state === 'completed' || state === 'untouched')) {
        throw new Error(`${restore.id} is ${restore.state}, ${state}: ${JSON.stringify(differences)}`);
      }
      if (restore.state === 'completed') return 'completed';
      if (state !== 'untouched') {
        const { failure } = await stage.laptop.restore(good, orderOf(stage));
        const left = await stage.differences();
        if (failure !== undefined || left.length > 0) {
          throw new Error(`after ${restore.id} none restores: ${JSON.stringify({ failure, left })}`);
        }
      }
      return failureOf(stage, restore);
    },
  },
  expire: {
    usesUp: true,
    prepare: (stage) => goodBackup(stage, format),
    start: (stage, id) => started(stage, 'DELETE', `/backup/${id}`),
    ended: (stage) => stage.quiet(),
    judge: async (stage, path, id) => {
      const { state } = await bodyAt(stage, path);
      if (!['deleting', 'deleted'].includes(state)) throw new Error(`${id} is ${state}`);
      if (state === 'deleting') {
        // Asked for once more, it must go.
        await started(stage, 'DELETE', path);
        await stage.quiet();
        const again = await bodyAt(stage, path);
        if (again.state !== 'deleted')
          throw new Error(`${id} cannot be deleted any more: it is ${again.state}`);
      }
      const left = await stage.objectsOf(id);
      if (left.length > 0) throw new Error(`${id} is deleted, and there are ${left}`);
      return state === 'deleted' ? 'completed' : state;
    },
  },
  verify: {
    prepare: (stage) => goodBackup(stage, format),
    start: (stage, good) => started(stage, 'POST', `/backup/${good}/verify`),
    ended: verificationEnded,
    judge: async (stage, path) => {
      const { state, verification } = await bodyAt(stage, path);
      if (state !== 'completed') throw new Error(`a verification has made it ${state}`);
      if (verification.state === 'passed') return 'completed';
      // What came to no result the sweeper may have begun once more.
      await verificationEnded(stage, path);
      return (await bodyAt(stage, path)).verification.failure?.code ?? 'begun anew';
    },
  },
});

async function verificationEnded(stage: FaultStage, path: string): Promise<void> {
  const hasEnded = async (): Promise<boolean> => {
    const { state } = verificationIn(await bodyAt(stage, path));
    return state === 'passed' || state === 'failed';
  };
  await waitUntil(hasEnded, 'the verification has ended', { withinMs: RUN_MS });
}

const goodBackup = async ({ laptop, databaseId }: FaultStage, format: BackupFormat): Promise<string> => {
  const { id, failure } = await laptop.backUp(databaseId, { format });
  if (failure !== undefined) throw new Error(`no backup to work with: ${JSON.stringify(failure)}`);
  return id;
};

const orderOf = ({ databaseId, schema }: FaultStage) => ({
  databaseId,
  schemas: { [schema]: schema },
  overwrite: true,
  confirm: schema,
});

/** @returns the path of what was started @throws Error where it was not, as while a lock is stuck */
async function started({ laptop }: FaultStage, method: string, path: string, body?: object): Promise<string> {
  const answer = await laptop.api(method, path, body);
  if (answer.status !== 202) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  const { id } = answer.body;
  return `/${id.startsWith('rs_') ? 'restore' : 'backup'}/${id}`;
}

const bodyAt = async ({ laptop }: FaultStage, path: string): Promise<Answer['body']> =>
  (await laptop.api('GET', path)).body;

/** The backup is whole, so that a failure may only say that nobody knows. */
function verificationIn({ verification }: Answer['body']): { readonly state: string } {
  const { state, failure } = verification;
  if (failure !== undefined && !['unavailable', 'worker_lost', 'deadline_exceeded'].includes(failure.code)) {
    throw new Error(`a whole backup is said to be damaged: ${JSON.stringify(verification)}`);
  }
  return { state };
}

/** @returns the code of a failure that tells a user something, and that stands in the log */
function failureOf(stage: FaultStage, run: Answer['body']): string {
  const { id, state, failure } = run;
  if (state !== 'failed' || failure?.code === 'internal' || !failure?.hint) {
    throw new Error(`${id} is ${state}: ${JSON.stringify(failure)}`);
  }
  if (!/run failed|a lost run is now failed/.test(stage.logOf(id))) throw new Error(`no log tells of ${id}`);
  return failure.code;
}
