import { setTimeout as wait } from 'node:timers/promises';
import type { Endpoint } from '../engine/connection.ts';
import { endingWith, withOpen } from '../engine/deadline.ts';
import { endConnections, siblingConnections } from '../engine/own-connections.ts';
import type { Converse } from '../engine/rows/conversation.ts';
import { loadingConnection } from '../engine/sql/load-lock.ts';
import { isCode } from '../errors.ts';
import type { HeldRun } from './hold-run.ts';
import type { Log, SqlConnector } from './ports.ts';
import type { Backup, Restore } from './run.ts';

/** The connections of one run to its server, so that none of its statements goes on without it. */
export interface RunSessions {
  /** Notes what it opens. None begins once the run is lost, and each rejects with the reason of its signal. */
  readonly connector: SqlConnector;
  /** Runs a dump, and finds out meanwhile which connection is that of its program. */
  readonly duringDump: <T>(endpoint: Endpoint, schema: string, dump: () => Promise<T>) => Promise<T>;
  /** Runs a load, and finds the connection of its program where that was killed with the run. */
  readonly duringLoad: <T>(endpoint: Endpoint, schema: string, load: () => Promise<T>) => Promise<T>;
  /** Ends on the server what was cut off; as well as it can, within seconds. */
  readonly endAll: () => Promise<void>;
}

/** A program that lives shorter than this has ended before anybody could cancel it. */
const FIRST_LOOK_MS = 1_000;
const LOOK_MS = 500;
/** A server that lets a program wait longer at its door is not looked at any more. */
const MAX_LOOKS = 60;
/** A run must not hang at its end on a server that does not answer. */
const END_MS = 5_000;

/** What may still run on the server. */
interface Noted {
  /** By connection id. */
  readonly connections: Map<string, Endpoint>;
  newestId: string;
}

type Held = Pick<HeldRun<Backup | Restore>, 'signal' | 'throwIfLost'>;

/** Gives a run its connections while `work` lasts, and ends on the server what is left of them where it was cut off. */
export async function withRunSessions<T>(
  connector: SqlConnector,
  held: Held,
  log: Log,
  work: (sessions: RunSessions) => Promise<T>,
): Promise<T> {
  const sessions = runSessions(connector, held, log);
  try {
    return await work(sessions);
  } catch (error) {
    if (held.signal.aborted) await sessions.endAll();
    throw error;
  }
}

export function runSessions(connector: SqlConnector, held: Held, log: Log): RunSessions {
  const { signal } = held;
  const noted: Noted = { connections: new Map(), newestId: '0' };
  return {
    connector: notingConnector(connector, held, noted),
    duringDump: async (endpoint, schema, dump) => {
      const isOver = new AbortController();
      const until = AbortSignal.any([isOver.signal, signal]);
      let program: string | undefined;
      const finding = findProgram(connector, endpoint, { schema, after: noted.newestId }, until).then(
        (found) => {
          program = found;
          if (found === undefined) log.info('nobody can tell the connection of the dump program', { schema });
          else noted.connections.set(found, endpoint);
        },
        (error: unknown) => {
          if (!until.aborted) log.error('the connection of the dump program was not found', { error });
        },
      );
      try {
        const result = await dump();
        if (program !== undefined) noted.connections.delete(program);
        return result;
      } finally {
        isOver.abort();
        await finding;
      }
    },
    duringLoad: async (endpoint, schema, load) => {
      try {
        return await load();
      } catch (error) {
        // Once taken over, the load that is there may be that of the next worker.
        if (signal.aborted && !isCode(signal.reason, 'fenced')) {
          const holder = await findLoad(connector, endpoint, schema).catch((reason: unknown) => {
            log.error('the connection of the load program was not found', { error: reason });
          });
          if (holder) noted.connections.set(holder, endpoint);
        }
        throw error;
      }
    },
    endAll: () => endNoted(connector, noted, log),
  };
}

/** Notes each connection until it is closed with nothing left to do. */
function notingConnector(connector: SqlConnector, { signal, throwIfLost }: Held, noted: Noted): SqlConnector {
  const note = (endpoint: Endpoint, session: { readonly connectionId: string; close(): Promise<void> }) => {
    const { connectionId } = session;
    noted.connections.set(connectionId, endpoint);
    noted.newestId = connectionId;
    let running = 0;
    return {
      async during<T>(statement: () => Promise<T>): Promise<T> {
        throwIfLost();
        running += 1;
        const answer = statement().finally(() => {
          running -= 1;
        });
        return endingWith(signal, answer);
      },
      /** The server may go on with a statement whose conversation was broken off. */
      conversing:
        (converse: Converse): Converse =>
        (statement, until) => {
          throwIfLost();
          const conversation = converse(statement, until);
          running += 1;
          return {
            ...conversation,
            async release() {
              await conversation.release();
              running -= 1;
            },
          };
        },
      async close(): Promise<void> {
        // What runs on the server is not ended by a client that goes away.
        if (running === 0) noted.connections.delete(connectionId);
        await session.close();
      },
    };
  };
  const opened = async <S extends { close(): Promise<void> }>(opening: Promise<S>): Promise<S> => {
    try {
      return await endingWith(signal, opening);
    } catch (error) {
      // What nobody waited for any more has run nothing yet.
      opening.then((late) => late.close()).catch(() => undefined);
      throw error;
    }
  };
  return {
    connect: async (endpoint) => {
      const session = await opened(connector.connect(endpoint));
      const { during, close } = note(endpoint, session);
      return { ...session, query: (...asked) => during(() => session.query(...asked)), close };
    },
    openStatements: async (endpoint, schema) => {
      const session = await opened(connector.openStatements(endpoint, schema));
      const { during, close } = note(endpoint, session);
      return { ...session, run: (statement) => during(() => session.run(statement)), close };
    },
    openRows: async (endpoint) => {
      const session = await opened(connector.openRows(endpoint));
      const { during, conversing, close } = note(endpoint, session);
      const converse = conversing(session.converse);
      return { ...session, query: (...asked) => during(() => session.query(...asked)), converse, close };
    },
    openLoad: async (endpoint, schema) => {
      const session = await opened(connector.openLoad(endpoint, schema));
      const { during, conversing, close } = note(endpoint, session);
      return {
        ...session,
        query: (...asked) => during(() => session.query(...asked)),
        run: (statement) => during(() => session.run(statement)),
        converse: conversing(session.converse),
        close,
      };
    },
    withPooled: connector.withPooled,
  };
}

/**
 * A program does not tell its connection, and its port is another behind a NAT: it is the one connection by the same
 * user from the same address to the same schema that was not there before.
 * @returns nothing where there are two such: the server ends ours when it next writes to us
 */
async function findProgram(
  connector: SqlConnector,
  endpoint: Endpoint,
  wanted: Parameters<typeof siblingConnections>[2],
  until: AbortSignal,
): Promise<string | undefined> {
  await wait(FIRST_LOOK_MS, undefined, { signal: until });
  const open = () => connector.connect(endpoint);
  return withOpen(until, open, async ({ query, connectionId }) => {
    let before: string | undefined;
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const [found, ...others] = await siblingConnections(query, connectionId, wanted);
      if (others.length > 0) return undefined;
      if (found !== undefined && found === before) return found;
      before = found;
      await wait(LOOK_MS, undefined, { signal: until });
    }
    return undefined;
  });
}

/** Its lock tells, as long as its connection stands. */
function findLoad(connector: SqlConnector, endpoint: Endpoint, schema: string): Promise<string | undefined> {
  const late = AbortSignal.timeout(END_MS);
  const open = () => connector.connect(endpoint);
  const finding = withOpen(late, open, ({ query }) => loadingConnection(query, schema));
  return endingWith(late, finding);
}

async function endNoted(connector: SqlConnector, { connections }: Noted, log: Log): Promise<void> {
  const [endpoint] = connections.values();
  if (endpoint === undefined) return;
  const ids = [...connections.keys()];
  const late = AbortSignal.timeout(END_MS);
  const open = () => connector.connect(endpoint);
  const ending = withOpen(late, open, ({ query, connectionId }) =>
    endConnections(query, connectionId, ids, late),
  );
  await endingWith(late, ending).then(
    () => log.info('ended what was left on the server', { connections: ids.length }),
    (error: unknown) => log.error('the server may still run a statement of this run', { ids, error }),
  );
}
