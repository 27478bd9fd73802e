import type { Query, SqlRow } from '../../../functions/engine/connection.ts';
import { endConnections, siblingConnections } from '../../../functions/engine/own-connections.ts';

const OWN = { id: '40', user: 'backup', host: '10.0.0.7:51000', db: null };

/** A server that lists these connections, and ends those that it is told to. */
function serverWith(...rows: readonly SqlRow[]) {
  let listed = rows;
  const killed: string[] = [];
  const query: Query = async (sql) => {
    const [, id] = /^KILL CONNECTION (\d+)$/.exec(sql) ?? [];
    if (id === undefined) return listed;
    killed.push(id);
    listed = listed.filter((row) => row.id !== id);
    return [];
  };
  return { query, killed };
}
const never = new AbortController().signal;

describe('the connections of an account', () => {
  it('are ended by their ids, but not where a proxy gave the id of another account', async () => {
    const { query, killed } = serverWith(
      OWN,
      { id: '41', user: 'backup', host: '10.0.0.7:51001', db: 'shop' },
      { id: '42', user: 'shop', host: '10.0.0.9:40000', db: 'shop' },
    );
    await endConnections(query, '40', ['41', '42', '43'], never);
    expect(killed).toEqual(['41']);
  });

  it('are left alone where the server does not list the one that asks', async () => {
    const { query, killed } = serverWith({ id: '41', user: 'backup', host: '10.0.0.7:51001', db: 'shop' });
    await expect(endConnections(query, '40', ['41'], never)).rejects.toMatchObject({ code: 'query_failed' });
    expect(killed).toEqual([]);
  });

  it.each([
    ['of another account', { user: 'shop' }],
    ['from another address', { host: '10.0.0.8:51001' }],
    ['to another schema', { db: 'stock' }],
    ['that was there before', { id: '9' }],
  ])('do not count one %s', async (_, change) => {
    const program = { id: '100', user: 'backup', host: '10.0.0.7:51001', db: 'Shop' };
    const { query } = serverWith(OWN, program, { ...program, id: '101', ...change });
    expect(await siblingConnections(query, '40', { schema: 'shop', after: '39' })).toEqual(['100']);
  });
});
