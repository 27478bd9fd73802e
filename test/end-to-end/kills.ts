/** What may happen to a run in its middle, and how it must end. */
import type { ErrorCode } from '../../functions/errors.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import type { Scene } from './scene.ts';

export type RunKind = 'backup' | 'restore';

export interface Fault {
  readonly name: string;
  readonly code: Readonly<Record<RunKind, ErrorCode>>;
  /** What the hint must say. */
  readonly hint: RegExp;
  /** A worker that lives on cleans up behind itself. */
  readonly workerLives: boolean;
  strike(scene: Scene, kind: RunKind): Promise<void>;
  /** Makes the next run possible. */
  mend?(scene: Scene): Promise<void>;
}

const both = (code: ErrorCode) => ({ backup: code, restore: code });
const LOST_CONNECTION = { code: both('connection_lost'), hint: /server log/, workerLives: true } as const;

export const FAULTS: readonly Fault[] = [
  {
    name: 'its program is killed',
    code: { backup: 'dump_killed', restore: 'load_killed' },
    hint: /memory on the worker/,
    workerLives: true,
    strike: async (scene, kind) => {
      process.kill(scene.worker(kind).program, 'SIGKILL');
    },
  },
  {
    name: 'its worker is killed',
    code: both('worker_lost'),
    hint: /function log/,
    workerLives: false,
    strike: async (scene, kind) => {
      const { pid, program } = scene.worker(kind);
      process.kill(pid, 'SIGKILL');
      // Held as the way is, the program hears nothing of a broken pipe: it must be ended with its worker.
      await waitUntil(() => !isAlive(program), 'the program has ended with its worker');
    },
  },
  {
    name: 'the server ends its connection',
    ...LOST_CONNECTION,
    strike: async (scene) => {
      const root = await scene.server().connect();
      const [threads] = await root.query(
        "SELECT id FROM information_schema.processlist WHERE db IN ('noise', 'shop') AND user = ?",
        [scene.server().admin.user],
      );
      const ids = (threads as { id?: number; ID?: number }[]).map(({ id, ID }) => id ?? ID);
      if (ids.length !== 1) throw new Error(`the run has ${ids.length} connections`);
      await root.query(`KILL CONNECTION ${ids[0]}`);
      await root.end();
    },
  },
  {
    name: 'the network is cut',
    ...LOST_CONNECTION,
    strike: async (scene) => scene.proxy.cut(),
  },
  {
    name: 'the server is killed',
    ...LOST_CONNECTION,
    strike: (scene) => scene.server().kill(),
    mend: (scene) => scene.restartServer(),
  },
  {
    name: 'the server is stopped',
    ...LOST_CONNECTION,
    strike: (scene) => scene.server().stop(),
    mend: (scene) => scene.restartServer(),
  },
];
