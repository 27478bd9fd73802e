import { mysqlPools } from '../../../functions/adapters/mysql-pool.ts';
import type { MysqlSession } from '../../../functions/adapters/mysql-session.ts';
import type { Endpoint } from '../../../functions/engine/connection.ts';
import { waitUntil } from '../../local/wait-until.ts';

const endpoint: Endpoint = {
  host: 'db.example.com',
  addresses: ['192.0.2.1'],
  port: 3306,
  username: 'u',
  password: 'p',
  tls: { mode: 'verify' },
};

describe('the pools', () => {
  it.each([
    ['an idle time', () => Promise.resolve()],
    ['an error', () => Promise.reject(new Error('no'))],
  ])('close what is idle, also after %s has closed them all', async (_, firstUse) => {
    let [opened, closed] = [0, 0];
    const open = async (): Promise<MysqlSession> => {
      opened += 1;
      return {
        query: async () => [],
        connectionId: '1',
        run: async () => {},
        isBroken: () => false,
        close: async () => {
          closed += 1;
        },
      };
    };
    // Real timers: those of Jest can be refreshed after they were cleared, those of Node cannot.
    const pools = mysqlPools(open, 20);
    await pools.lend('db', endpoint, async () => {});
    await pools.lend('db', endpoint, firstUse).catch(() => {});
    await waitUntil(() => opened === closed, 'the first connection is closed');
    await pools.lend('db', endpoint, async () => {});
    await waitUntil(() => opened === 2 && closed === 2, 'the next one is closed as well');
  });
});
