import type { Page } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** One page of these records, newest first. The cursor is plain text here: the list's name and the last id. */
export function pageOf<T extends { readonly id: string }>(
  records: readonly T[],
  name: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Page<T> {
  const [of, after] = cursor?.split('|') ?? [];
  if (cursor !== undefined && (of !== name || !/^(db|bk|rs)_[0-9A-Z]{26}$/.test(after ?? ''))) {
    throw new SafeBaseError('bad_cursor', 'the cursor is not one of this list');
  }
  const rest = [...records]
    .sort((one, other) => (one.id < other.id ? 1 : -1))
    .filter(({ id }) => after === undefined || id < after);
  const items = structuredClone(rest.slice(0, limit));
  return rest.length > limit ? { items, nextCursor: `${name}|${items.at(-1)?.id}` } : { items };
}
