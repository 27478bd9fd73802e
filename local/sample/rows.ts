/** The rows of the sample shop, table by table; about one megabyte for each unit of size. */
import type { Random } from './random.ts';
import { CATEGORIES, EMOJI, FIRST_NAMES, LAST_NAMES, MATERIALS, PRAISE, THINGS, TOWNS } from './words.ts';

/** A number, a text, bytes, or SQL that stands as it is. */
export type Value = number | string | Buffer | null | { readonly sql: string };
export type Row = readonly Value[];

/** The rows of one table, made while they are read. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: Iterable<Row>;
}

/** How many rows one megabyte of shop has. */
const PER_MEGABYTE = {
  customers: 300,
  products: 26,
  orders: 900,
  reviews: 1_200,
  searches: 2_000,
  views: 3_000,
  moves: 5_000,
};
const SITES = ['HAM', 'LJU', 'OPO', 'TRD'];
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2023, 0, 1);

/** How many rows a table has at the wanted size. */
type Count = (table: keyof typeof PER_MEGABYTE) => number;

/** All tables, parents before children. @param megabytes whole number of at least 1 */
export function* shopRows(random: Random, megabytes: number): Generator<TableRows> {
  const count: Count = (table) => PER_MEGABYTE[table] * megabytes;
  yield* shopTables(random, count);
  yield* warehouseTables(random, count);
}

const table = (name: string, columns: string, rows: number, row: (id: number) => Row): TableRows => ({
  table: name,
  columns: columns.split(' '),
  rows: (function* () {
    for (let id = 1; id <= rows; id++) yield row(id);
  })(),
});

function* shopTables(random: Random, count: Count): Generator<TableRows> {
  yield table('shop.customers', 'id name email address consents born joined_at', count('customers'), (id) =>
    customerRow(random, id),
  );
  yield table('shop.categories', 'id parent_id title', CATEGORIES.length, (id) => [
    id,
    id > 3 ? (id % 3) + 1 : null,
    CATEGORIES[id - 1] ?? '',
  ]);
  yield table(
    'shop.products',
    'id category_id title description price weight_kg rating state labels attributes photo pick_time',
    count('products'),
    (id) => productRow(random, id),
  );
  yield table('shop.orders', 'id customer_id state ordered_at total note', count('orders'), (id) =>
    orderRow(random, id, count('customers')),
  );
  yield table('shop.order_lines', 'order_id line product_id quantity price', count('orders') * 2, (at) => [
    Math.ceil(at / 2),
    2 - (at % 2),
    1 + random.int(count('products')),
    1 + random.int(4),
    money(random, 20_000),
  ]);
  yield table('shop.reviews', 'id product_id stars words', count('reviews'), (id) => [
    id,
    1 + random.int(count('products')),
    1 + random.int(5),
    review(random),
  ]);
  yield table('shop.searches', 'day words', count('searches'), () => [
    dateTime(FIRST_DAY + (1_000 + random.int(5)) * DAY_MS, 0).slice(0, 10),
    random.pick(THINGS),
  ]);
  yield table('shop.page_views', 'id path took_ms visitor', count('views'), (id) => [
    id,
    `/${random.pick(THINGS).replace(' ', '-')}/${random.int(5_000)}?from=${random.pick(TOWNS)}`,
    5 + random.int(900),
    random.bytes(16),
  ]);
}

function* warehouseTables(random: Random, count: Count): Generator<TableRows> {
  yield table('warehouse.sites', 'code town place opens', SITES.length, (id) => [
    SITES[id - 1] ?? '',
    TOWNS[id] ?? '',
    { sql: `ST_GeomFromText('POINT(${9 + id}.25 ${50 + id}.5)')` },
    `0${5 + id}:30:00`,
  ]);
  yield table('warehouse.stock', 'site product_id pieces', count('products') * SITES.length, (at) => [
    SITES[at % SITES.length] ?? '',
    Math.ceil(at / SITES.length),
    random.int(60),
  ]);
  yield table(
    'warehouse.movements',
    'id year site product_id pieces temperature remark',
    count('moves'),
    (id) => [
      id,
      2023 + random.int(4),
      random.pick(SITES),
      1 + random.int(count('products')),
      (1 + random.int(50)) * (random.chance(0.5) ? 1 : -1),
      random.chance(0.3) ? (random.int(400) - 100) / 10 : null,
      random.chance(0.4)
        ? `shelf ${random.int(900)}, ${random.pick(MATERIALS)}\tchecked\nby ${random.pick(FIRST_NAMES)}`
        : null,
    ],
  );
}

function orderRow(random: Random, id: number, customers: number): Row {
  return [
    id,
    1 + random.int(customers),
    random.pick(['open', 'paid', 'sent', 'sent', 'sent', 'returned']),
    dateTime(FIRST_DAY + random.int(1_400) * DAY_MS + random.int(DAY_MS), random.int(1_000)),
    money(random, 40_000),
    random.chance(0.1) ? `please ring at ${random.pick(LAST_NAMES)} ${random.pick(EMOJI)}` : null,
  ];
}

function customerRow(random: Random, id: number): Row {
  const address = {
    street: `${random.pick(LAST_NAMES)} ${1 + random.int(200)}`,
    town: random.pick(TOWNS),
    zip: String(10_000 + random.int(89_999)),
  };
  return [
    id,
    `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`,
    `customer${id}@example.com`,
    JSON.stringify(
      random.chance(0.2) ? { ...address, 'gift wrap': true, greeting: random.pick(EMOJI) } : address,
    ),
    { sql: `b'${random.int(8).toString(2)}'` },
    random.chance(0.7) ? dateTime(Date.UTC(1950, 0, 1) + random.int(20_000) * DAY_MS, 0).slice(0, 10) : null,
    dateTime(FIRST_DAY + random.int(1_400) * DAY_MS + random.int(DAY_MS), 0).slice(0, 23),
  ];
}

function productRow(random: Random, id: number): Row {
  const material = random.pick(MATERIALS);
  const thing = random.pick(THINGS);
  const sentences = Array.from(
    { length: 3 + random.int(8) },
    () =>
      `${random.pick(PRAISE)}, ${random.pick(MATERIALS)} and ${random.pick(MATERIALS)}; from ${random.pick(TOWNS)}.`,
  );
  return [
    id,
    1 + random.int(CATEGORIES.length),
    `${material} ${thing} ${random.pick(EMOJI)}`,
    sentences.join('\r\n'),
    money(random, 30_000),
    // Eighths with few digits: what a FLOAT prints is what it holds.
    random.int(200) / 8,
    random.chance(0.8) ? 1 + random.int(4_000_000) / 1_000_003 : null,
    random.pick(['new', 'new', 'used', 'refurbished', '½ price']),
    random.pick(['', 'organic', 'fair,local', 'handmade', 'organic,fair,local,handmade']),
    JSON.stringify({
      material,
      size: { cm: [10 + random.int(90), 5 + random.int(50)] },
      tags: [thing, random.pick(EMOJI)],
      'in "stock"': null,
    }),
    random.chance(0.9) ? Buffer.concat([PNG_HEAD, random.bytes(4_000 + random.int(24_000))]) : null,
    `00:0${random.int(10)}:${10 + random.int(50)}.${random.int(10)}`,
  ];
}

const PNG_HEAD = Buffer.from('89504E470D0A1A0A', 'hex');

const review = (random: Random): string =>
  Array.from(
    { length: 1 + random.int(5) },
    () =>
      `${random.pick(PRAISE)} ${random.pick(EMOJI)} ${random.pick(LAST_NAMES)}'s ${random.pick(MATERIALS)} ${random.pick(THINGS)}!`,
  ).join(' ');

const money = (random: Random, cents: number): string => (random.int(cents) / 100).toFixed(2);

/** `2024-02-29 12:34:56.789012` */
const dateTime = (ms: number, microseconds: number): string =>
  `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}${String(microseconds).padStart(3, '0')}`;
