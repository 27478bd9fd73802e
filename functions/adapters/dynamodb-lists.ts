import { decodeTime, encodeTime } from 'ulid';
import { idPattern } from '../core/ids.ts';
import type { Page } from '../core/ports.ts';
import { fromCursor, toCursor } from './dynamodb-cursor.ts';
import { recordIn } from './dynamodb-records.ts';
import { type Item, keyOf, queryIndex, type Table } from './dynamodb-table.ts';

/** Items that one query reads, and queries that one page may take: a filter that fits nothing must end too. */
const ITEMS_PER_QUERY = 100;
const MAX_QUERIES = 10;
/** A page ends at this size: Lambda answers at most 6 MB, and one record may have 400 KB. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;
/** ULIDs hold 48 bits of time. */
const LAST_ULID_TIME = decodeTime('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');

interface ListedKind {
  readonly kind: 'DB' | 'BK' | 'RS';
  readonly prefix: 'db' | 'bk' | 'rs';
}

export interface RecordList<T> extends ListedKind {
  /** Only runs of this database. */
  readonly databaseId?: string | undefined;
  /** Created in this time: ISO 8601, inclusive. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** What else must hold, and words for it that tell it from other filters. */
  readonly keep: (record: T) => T | undefined;
  readonly keepName: string;
}

/** One page of a list, newest first. @throws `bad_cursor` */
export async function listRecords<T extends { readonly id: string }>(
  table: Table,
  list: RecordList<T>,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<T>> {
  const name = nameOf(list);
  const after = page.cursor && fromCursor(name, page.cursor, idPattern(list.prefix));
  const [lowest, highest] = idsBetween(list);
  // Where there is nothing between, DynamoDB would refuse the condition or the start.
  if (lowest > highest || (after !== undefined && (after < lowest || after > highest))) return { items: [] };

  const [index, partition, value] =
    list.databaseId === undefined
      ? (['byKind', 'kind', list.kind] as const)
      : (['byDatabase', 'databaseKind', `${list.databaseId}/${list.kind}`] as const);
  let start: Readonly<Record<string, string>> | undefined =
    after === undefined ? undefined : { [partition]: value, id: after, ...keyOf(list.kind, after) };
  const filled = new FillingPage<T>(name, page.limit, list.keep);
  for (let queries = 0; queries < MAX_QUERIES; queries += 1) {
    const found = await queryIndex(table, {
      index,
      condition: '#partition = :partition AND #id BETWEEN :lowest AND :highest',
      names: { partition, id: 'id' },
      values: { partition: value, lowest, highest },
      limit: ITEMS_PER_QUERY,
      ...(start === undefined ? {} : { start }),
    });
    if (!filled.take(found.items)) return filled.cut();
    if (found.next === undefined) return { items: filled.items };
    start = found.next;
  }
  return filled.cut();
}

/**
 * One page of the runs that are alive, newest first, from the small index of those. They are as many as databases at
 * most, so that all are read and sorted here: the index itself goes by lease.
 * @param now ISO 8601; a run whose lease ended before is not alive
 */
export async function listAlive<T extends { readonly id: string }>(
  table: Table,
  list: RecordList<T>,
  now: string,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<T>> {
  const name = nameOf(list);
  const after = page.cursor && fromCursor(name, page.cursor, idPattern(list.prefix));
  const [lowest, highest] = idsBetween(list);
  const alive: Item[] = [];
  let start: Readonly<Record<string, string>> | undefined;
  do {
    const found = await queryIndex(table, {
      index: 'byActive',
      condition: '#active = :kind AND #lease > :now',
      names: { active: 'active', lease: 'leaseExpiresAt' },
      values: { kind: list.kind, now },
      limit: ITEMS_PER_QUERY,
      ...(start === undefined ? {} : { start }),
    });
    alive.push(...found.items);
    start = found.next;
  } while (start !== undefined);

  const wanted = alive
    .map((item) => ({ item, id: String(item.id) }))
    .filter(({ id }) => id >= lowest && id <= highest && (after === undefined || id < after))
    .filter(({ item }) => list.databaseId === undefined || item.databaseId === list.databaseId)
    .sort((one, other) => (one.id < other.id ? 1 : -1));
  const filled = new FillingPage<T>(name, page.limit, list.keep);
  return filled.take(wanted.map(({ item }) => item)) ? { items: filled.items } : filled.cut();
}

const nameOf = (list: Omit<RecordList<never>, 'keep'>): string =>
  [list.kind, list.databaseId, list.from, list.until, list.keepName].join(' ');

/** A page while it fills up, and the place at which the next one begins. */
class FillingPage<T extends { readonly id: string }> {
  readonly items: T[] = [];
  readonly #name: string;
  readonly #limit: number;
  readonly #keep: (record: T) => T | undefined;
  #bytes = 0;
  #looked = '';

  constructor(name: string, limit: number, keep: (record: T) => T | undefined) {
    this.#name = name;
    this.#limit = limit;
    this.#keep = keep;
  }

  /** @returns whether all were taken; if not, the page is full */
  take(items: readonly Item[]): boolean {
    for (const item of items) {
      if (this.items.length >= this.#limit) return false;
      const record = recordIn<T>(item);
      const kept = this.#keep(record);
      const bytes = kept === undefined ? 0 : Buffer.byteLength(JSON.stringify(kept));
      if (this.items.length > 0 && this.#bytes + bytes > MAX_PAGE_BYTES) return false;
      if (kept !== undefined) this.items.push(kept);
      this.#bytes += bytes;
      this.#looked = record.id;
    }
    return true;
  }

  /** The page with a cursor behind the last record that was looked at. */
  cut(): Page<T> {
    return { items: this.items, nextCursor: toCursor(this.#name, this.#looked) };
  }
}

/** The first and last id that could have been made in a time. */
function idsBetween(
  list: Pick<RecordList<never>, 'prefix' | 'from' | 'until'>,
): [lowest: string, highest: string] {
  const time = (iso: string | undefined, otherwise: number) =>
    encodeTime(Math.min(LAST_ULID_TIME, Math.max(0, iso === undefined ? otherwise : Date.parse(iso))));
  return [
    `${list.prefix}_${time(list.from, 0)}${'0'.repeat(16)}`,
    `${list.prefix}_${time(list.until, LAST_ULID_TIME)}${'Z'.repeat(16)}`,
  ];
}
