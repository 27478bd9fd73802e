import { requireExplicitTimestamps } from '../../../../functions/engine/catalogue/explicit-timestamps.ts';
import type { Query } from '../../../../functions/engine/connection.ts';
import { SafeBaseError } from '../../../../functions/errors.ts';

/** A server that has the setting so, and answers a change of it. */
function serverWith(value: string, change: () => void) {
  const asked: string[] = [];
  const query: Query = async (sql) => {
    asked.push(sql);
    if (sql.startsWith('SET')) change();
    return [{ value }];
  };
  return { query, asked };
}
const refusal = (errno: number) => () => {
  throw new SafeBaseError('query_failed', 'error', { details: { errno } });
};

describe('requireExplicitTimestamps', () => {
  it('asks nothing of a server that has it so', async () => {
    const { query, asked } = serverWith('1', refusal(1229));
    await requireExplicitTimestamps(query);
    expect(asked).toHaveLength(1);
  });

  it('is content where the session can have it', async () => {
    await requireExplicitTimestamps(serverWith('0', () => {}).query);
  });

  it.each([1229, 1238])('refuses a server whose sessions cannot have it (error %i)', async (errno) => {
    const refused = requireExplicitTimestamps(serverWith('0', refusal(errno)).query);
    await expect(refused).rejects.toMatchObject({ code: 'timestamps_implicit' });
  });

  it('tells any other error as it is', async () => {
    const refused = requireExplicitTimestamps(serverWith('0', refusal(2013)).query);
    await expect(refused).rejects.toMatchObject({ code: 'query_failed' });
  });
});
