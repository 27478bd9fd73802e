import { jest } from '@jest/globals';
import { mysqlPools } from '../../../functions/adapters/mysql-pool.ts';
import type { Endpoint } from '../../../functions/engine/connection.ts';

const endpoint: Endpoint = {
  host: 'db.example.com',
  addresses: ['192.0.2.1'],
  port: 3306,
  username: 'u',
  password: 'p',
  tls: { mode: 'verify' },
};

describe('the pools', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('close what nobody used for a minute, each time anew', async () => {
    let [opened, closed] = [0, 0];
    const pools = mysqlPools(async () => {
      opened += 1;
      return {
        query: async () => [],
        run: async () => {},
        isBroken: () => false,
        close: async () => {
          closed += 1;
        },
      };
    });
    for (const round of [1, 2, 3]) {
      await pools.lend('db', endpoint, async () => {});
      await jest.advanceTimersByTimeAsync(40_000);
      await pools.lend('db', endpoint, async () => {});
      await jest.advanceTimersByTimeAsync(40_000);
      expect([opened, closed]).toEqual([round, round - 1]);
      await jest.advanceTimersByTimeAsync(20_000);
      expect([opened, closed]).toEqual([round, round]);
    }
  });
});
