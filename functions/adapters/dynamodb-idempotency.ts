import type { Claim, IdempotencyStore, Now } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import { recordIn } from './dynamodb-records.ts';
import { getItem, isRefused, keyOf, putItem, type Table } from './dynamodb-table.ts';

/** Claims as items that DynamoDB sweeps days after their time (`ttl`); it is over all the same. */
export const dynamodbIdempotency = (table: Table, now: Now): IdempotencyStore => ({
  async claim(claim) {
    const { key, runId, request } = claim;
    try {
      await putItem(table, itemOf(claim), {
        condition: 'attribute_not_exists(pk) OR #ttl <= :now',
        names: { ttl: 'ttl' },
        values: { now: Math.floor(now() / 1000) },
      });
      return { runId, request, first: true };
    } catch (error) {
      if (!isRefused(error)) throw error;
      const found = await getItem(table, keyOf('IDEM', key));
      if (found === undefined) throw error;
      const standing = recordIn<Omit<Claim, 'key'>>(found);
      // Our own claim, whose answer was lost, is a first one too.
      return { ...standing, first: standing.runId === runId };
    }
  },
  async renew(claim, from) {
    try {
      const values = { from, to: claim.runId };
      // `:to` stands there already where the answer to the first attempt was lost.
      await putItem(table, itemOf(claim), { condition: 'runId IN (:from, :to)', values });
    } catch (error) {
      if (!isRefused(error)) throw error;
      throw new SafeBaseError('version_conflict', `the claim of ${from} was renewed by another`);
    }
  },
});

const itemOf = ({ key, runId, request, expiresAt }: Claim) => ({
  ...keyOf('IDEM', key),
  runId,
  request,
  ttl: Math.floor(Date.parse(expiresAt) / 1000),
});
