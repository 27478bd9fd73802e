import { createHash } from 'node:crypto';
import type { Endpoint } from '../engine/connection.ts';
import type { MysqlSession } from './mysql-session.ts';

/** Connections of one database that one function instance keeps; an instance answers one request at a time. */
const MAX_CONNECTIONS = 2;

/** Servers count connections, also those that nobody uses. */
const IDLE_MS = 60_000;

/** Small pools, one for each key; a pool whose endpoint or password changed starts anew. */
export interface MysqlPools {
  /** Lends a session that answers; after an error, all idle ones of the key are closed. */
  lend<T>(key: string, endpoint: Endpoint, use: (session: MysqlSession) => Promise<T>): Promise<T>;
  closeAll(): Promise<void>;
}

interface Pool {
  readonly endpoint: string;
  readonly idle: MysqlSession[];
  readonly waiting: (() => void)[];
  lent: number;
  sweep?: NodeJS.Timeout;
}

/**
 * @param open opens a session of its own
 * @param idleMs a connection that nobody used for this long is closed
 */
export function mysqlPools(
  open: (endpoint: Endpoint) => Promise<MysqlSession>,
  idleMs = IDLE_MS,
): MysqlPools {
  const pools = new Map<string, Pool>();

  async function poolOf(key: string, endpoint: Endpoint): Promise<Pool> {
    const fingerprint = createHash('sha256').update(JSON.stringify(endpoint)).digest('hex');
    const present = pools.get(key);
    if (present?.endpoint === fingerprint) return present;
    const fresh: Pool = { endpoint: fingerprint, idle: [], waiting: [], lent: 0 };
    pools.set(key, fresh);
    if (present !== undefined) await drain(present);
    return fresh;
  }

  async function take(pool: Pool, endpoint: Endpoint): Promise<MysqlSession> {
    while (pool.lent >= MAX_CONNECTIONS) await new Promise<void>((resolve) => pool.waiting.push(resolve));
    pool.lent += 1;
    try {
      return (await takeLiving(pool)) ?? (await open(endpoint));
    } catch (error) {
      release(pool);
      throw error;
    }
  }

  return {
    async lend(key, endpoint, use) {
      const pool = await poolOf(key, endpoint);
      const session = await take(pool, endpoint);
      try {
        const result = await use(session);
        if (pools.get(key) === pool && !session.isBroken()) keepIdle(pool, session, idleMs);
        else await session.close();
        return result;
      } catch (error) {
        await Promise.all([session.close(), drain(pool)]);
        throw error;
      } finally {
        release(pool);
      }
    },
    async closeAll() {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map(drain));
    },
  };
}

function keepIdle(pool: Pool, session: MysqlSession, idleMs: number): void {
  pool.idle.push(session);
  pool.sweep?.refresh();
  pool.sweep ??= setTimeout(() => void drain(pool), idleMs).unref();
}

async function drain(pool: Pool): Promise<void> {
  clearTimeout(pool.sweep);
  // A cleared timer cannot be refreshed: the next session that comes back needs a new one.
  delete pool.sweep;
  await Promise.all(pool.idle.splice(0).map((session) => session.close()));
}

/** Makes room for whoever waits for a session. */
function release(pool: Pool): void {
  pool.lent -= 1;
  pool.waiting.shift()?.();
}

/** A frozen function wakes up with connections that the server has long closed. */
async function takeLiving(pool: Pool): Promise<MysqlSession | undefined> {
  for (let session = pool.idle.pop(); session !== undefined; session = pool.idle.pop()) {
    try {
      await session.query('SELECT 1');
      return session;
    } catch {
      await session.close();
    }
  }
  return undefined;
}
