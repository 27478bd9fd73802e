import type { RunId } from '../core/ids.ts';
import type { IdempotencyStore } from '../core/ports.ts';
import { recordIn } from './dynamodb-records.ts';
import { getItem, isRefused, keyOf, putItem, type Table } from './dynamodb-table.ts';

interface Claim {
  readonly runId: RunId;
}

/** Claims as items that DynamoDB sweeps after their time (`ttl`); until then the first one stands. */
export const dynamodbIdempotency = (table: Table): IdempotencyStore => ({
  async claim(key, runId, expiresAt) {
    const place = keyOf('IDEM', key);
    try {
      const item = { ...place, runId, ttl: Math.floor(Date.parse(expiresAt) / 1000) };
      await putItem(table, item, { condition: 'attribute_not_exists(pk)' });
      return { runId, first: true };
    } catch (error) {
      if (!isRefused(error)) throw error;
      const found = await getItem(table, place);
      if (found === undefined) throw error;
      const claim = recordIn<Claim>(found);
      // Our own claim, whose answer was lost, is a first one too.
      return { runId: claim.runId, first: claim.runId === runId };
    }
  },
});
