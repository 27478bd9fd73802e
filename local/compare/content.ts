/** What a comparison looks at: facts about every object, and the rows of every table. */

/** One property of one object, in words that can be shown. */
export interface Fact {
  readonly schema: string;
  /** `table`, `column`, `trigger`, … */
  readonly kind: string;
  /** A table, view, trigger, … of the schema; the schema itself where it is empty. */
  readonly object: string;
  /** The part of the object that has the property, such as a column. */
  readonly part: string;
  readonly property: string;
  readonly value: string;
}

/** The rows of a table, without their order. */
export interface RowSet {
  readonly schema: string;
  readonly table: string;
  readonly count: number;
  /** Bytes of all values. */
  readonly sizeBytes: number;
  /**
   * One word for each row, sorted: the first 8 bytes of the SHA-256 of its values. A changed row goes unseen with a
   * probability of 2^-64; equal rows keep their number.
   */
  readonly digests: BigUint64Array;
  /** The row of a digest in readable form; undefined where it is not on the server any more. */
  readonly describe: (digest: bigint) => Promise<string | undefined>;
}

/** Properties that the catalogue does not print; a temporary table shows them. */
export const HIDDEN_PROPERTIES: readonly string[] = ['true members', 'true default'];

export interface UnreadTable {
  readonly schema: string;
  readonly object: string;
}

/** Everything of some schemas of a server. */
export interface Content {
  /** Of the server, as it prints it. */
  readonly version: string;
  readonly facts: readonly Fact[];
  readonly rows: readonly RowSet[];
  /** Tables whose hidden members and defaults the account may not look at: left out on both sides, and to be told. */
  readonly unread: readonly UnreadTable[];
  readonly losses: readonly KnownLoss[];
}

/** A loss that a backup listed: what it says will differ is not compared, the rest of that object is. */
export interface KnownLoss {
  readonly kind: string;
  readonly schema: string;
  readonly object: string;
  readonly column?: string | undefined;
}

/** The sums that the last line of `npm start` shows. */
export const summarise = (content: Content): { tables: number; rows: number; sizeBytes: number } => ({
  tables: content.rows.length,
  rows: content.rows.reduce((sum, set) => sum + set.count, 0),
  sizeBytes: content.rows.reduce((sum, set) => sum + set.sizeBytes, 0),
});

/** A value as text; bytes that are no UTF-8 get a mark, so that two different values never look alike. */
export function readable(value: Buffer | null | undefined): string {
  if (value === null || value === undefined) return '(null)';
  const text = value.toString('utf8');
  return Buffer.from(text, 'utf8').equals(value) ? text : `(bytes) ${value.toString('latin1')}`;
}
