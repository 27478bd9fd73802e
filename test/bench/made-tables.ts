/** Tables of kinds that real databases hold, and their rows. */
import { prose, word } from './prose.ts';
import { decimal, digits, integer, pick, type Random } from './random.ts';

/** Text, or bytes for a binary column. */
export type Value = string | number | Buffer | null;

export interface MadeTable {
  /** Columns and keys. */
  readonly definition: string;
  /** @param id of the row, from 1 */
  readonly row: (random: Random, id: number) => readonly Value[];
}

/** Seconds since the epoch as DATETIME. */
const time = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
const groups = (random: Random, count: number): string =>
  Array.from({ length: count }, () => digits(random, 11)).join('-');
const orNull = <T extends Value>(random: Random, oneIn: number, value: T): T | null =>
  integer(random, oneIn) === 0 ? null : value;

/** What sysbench fills: numbers, and digits that hardly compress. */
export const SBTEST: MadeTable = {
  definition: `id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, k2 INT NOT NULL, v BIGINT NOT NULL,
    c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k_1 (k)`,
  row: (random, id) => [
    id,
    integer(random, 2_000_000),
    integer(random, 1_000),
    integer(random, 2 ** 33),
    groups(random, 10),
    groups(random, 5),
  ],
};

export const ORDERS: MadeTable = {
  definition: `id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL,
    status VARCHAR(16) NOT NULL, total DECIMAL(12,2) NOT NULL, tax DECIMAL(12,4), qty SMALLINT NOT NULL,
    currency CHAR(3) NOT NULL, created_at DATETIME NOT NULL, updated_at DATETIME, email VARCHAR(120),
    ship_addr VARCHAR(255), score DOUBLE, notes TEXT, meta JSON, KEY cust (customer_id),
    KEY st_cr (status, created_at), KEY em (email), KEY cr (created_at)`,
  row: (random, id) => {
    const createdAt = 1_600_000_000 + ((id * 37) % 90_000_000) + integer(random, 3_600);
    const host = pick(random, ['gmail.com', 'example.com', 'mail.example', 'yahoo.com']);
    return [
      id,
      integer(random, 300_000),
      pick(random, ['pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded']),
      decimal(random, 1e5, 2),
      orNull(random, 4, decimal(random, 1e3, 4)),
      1 + integer(random, 20),
      pick(random, ['USD', 'EUR', 'GBP', 'CHF', 'JPY']),
      time(createdAt),
      orNull(random, 3, time(createdAt + integer(random, 864_000))),
      `${word(random)}.${word(random)}${integer(random, 9_999)}@${host}`,
      `${integer(random, 999)} ${word(random)} street, ${word(random)} city, ${digits(random, 5)}`,
      orNull(random, 5, random() * 42_949),
      orNull(random, 5, prose(random, 4)),
      metaOf(random),
    ];
  },
};

const metaOf = (random: Random): string =>
  JSON.stringify({
    source: pick(random, ['web', 'ios', 'android', 'api']),
    campaign: word(random),
    items: Array.from({ length: 1 + integer(random, 3) }, () => ({
      sku: `SKU-${digits(random, 6)}`,
      q: 1 + integer(random, 5),
      price: integer(random, 99_999) / 100,
    })),
    gift: integer(random, 5) === 0,
    ip: Array.from({ length: 4 }, () => integer(random, 256)).join('.'),
  });

export const METRICS: MadeTable = {
  definition: `id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, dev INT NOT NULL, ts TIMESTAMP NOT NULL, a INT, b INT,
    c SMALLINT, d TINYINT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(10,3), flag TINYINT(1), kind ENUM('a','b','c'),
    KEY dev_ts (dev, ts)`,
  row: (random, id) => [
    id,
    integer(random, 5_000),
    time(1_650_000_000 + id),
    integer(random, 2 ** 32) - 2 ** 31,
    integer(random, 1_000),
    integer(random, 30_000) - 15_000,
    integer(random, 200) - 100,
    integer(random, 2 ** 51),
    integer(random, 1e6) / 1_000,
    random() * 6e8,
    decimal(random, 1e4, 3),
    integer(random, 2),
    pick(random, ['a', 'b', 'c']),
  ],
};

/** A third is noise, a third half noise, a third text. */
export const BLOBS: MadeTable = {
  definition: `id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL, sha BINARY(20) NOT NULL,
    mime VARCHAR(32), data MEDIUMBLOB, UNIQUE KEY nm (name)`,
  row: (random, id) => {
    const kind = integer(random, 3);
    const length = 500 + integer(random, 2 ** (9 + integer(random, 8)));
    const isText = kind === 2;
    return [
      id,
      `file-${id}-${digits(random, 6)}.bin`,
      noise(random, 20),
      isText ? 'text/plain' : 'application/octet-stream',
      isText
        ? Buffer.from(prose(random, 8).repeat(1 + (length >> 10))).subarray(0, length)
        : thinned(noise(random, length), kind === 1),
    ];
  },
};

function noise(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length + 4);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(integer(random, 2 ** 32), at);
  return bytes.subarray(0, length);
}

/** Of sixteen bytes five stay noise, seven are zero and four are small. */
function thinned(bytes: Buffer, isThin: boolean): Buffer {
  for (let at = 0; isThin && at < bytes.length; at += 1) {
    if (at % 16 > 4) bytes[at] = at % 16 < 12 ? 0 : (bytes[at] ?? 0) & 0x1f;
  }
  return bytes;
}

export const SMALL: MadeTable = {
  definition: `id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), val DECIMAL(10,2), created DATETIME,
    descr TEXT, KEY n (name)`,
  row: (random, id) => [
    id,
    `${word(random)} ${word(random)}`,
    decimal(random, 1e4, 2),
    time(1_600_000_000 + integer(random, 1e8)),
    orNull(random, 3, prose(random, 2)),
  ],
};
