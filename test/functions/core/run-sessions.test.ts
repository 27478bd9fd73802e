import type { SqlConnector } from '../../../functions/core/ports.ts';
import { runSessions } from '../../../functions/core/run-sessions.ts';
import { throwIfOver } from '../../../functions/engine/deadline.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { recordingLog } from '../../ports/recorders.ts';

const CANCELLED = new SafeBaseError('cancelled', 'bk_1 was cancelled');
const ENDPOINT = {
  host: 'db.example.com',
  addresses: ['192.0.2.1'],
  port: 3306,
  username: 'backup',
  password: 'x',
  tls: { mode: 'off' },
} as const;

/** A server that takes its time to let anybody in. */
function slowServer() {
  const door = Promise.withResolvers<void>();
  let open = 0;
  const enter = async () => {
    await door.promise;
    open += 1;
    const close = async () => {
      open -= 1;
    };
    const converse = () => {
      throw new Error('nobody reads rows here');
    };
    return { connectionId: '1', query: async () => [], run: async () => {}, converse, close };
  };
  const connector: SqlConnector = {
    connect: enter,
    openStatements: enter,
    openRows: enter,
    openLoad: enter,
    withPooled: () => Promise.reject(new Error('no run uses a pool')),
  };
  const run = new AbortController();
  const held = { signal: run.signal, throwIfLost: () => throwIfOver(run.signal) };
  const { connector: ours } = runSessions(connector, held, recordingLog());
  return { run, ours, letIn: door.resolve, open: () => open };
}

it.each(['connect', 'openStatements', 'openRows', 'openLoad'] as const)(
  'a run that is over waits for no %s, and closes what comes of it later',
  async (how) => {
    const { run, ours, letIn, open } = slowServer();
    const entering: Promise<unknown> = ours[how](ENDPOINT, 'shop');
    run.abort(CANCELLED);
    await expect(entering).rejects.toBe(CANCELLED);
    letIn();
    await new Promise((resume) => setImmediate(resume));
    expect(open()).toBe(0);
  },
);
