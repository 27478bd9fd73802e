/** Differences that mean nothing, each with its reason: everything else counts. */

/** Columns of information_schema that say something about the storage or the reader, not about the schema. */
export const COSMETIC_COLUMNS: Readonly<Record<string, string>> = {
  // Names are `column` or `view.column`, in lower case.
  privileges: 'what the reading account may do',
  table_rows: 'an estimate; rows are counted and compared one by one',
  avg_row_length: 'an estimate of the engine',
  data_length: 'space on disk, which depends on the order of the inserts',
  max_data_length: 'space on disk',
  index_length: 'space on disk',
  max_index_length: 'space on disk',
  data_free: 'space on disk',
  checksum: 'made of the rows, which are compared one by one',
  create_time: 'when, not what',
  update_time: 'when, not what',
  check_time: 'when, not what',
  created: 'when, not what',
  last_altered: 'when, not what',
  last_executed: 'when an event ran last; a copy has run none',
  originator: 'the id of the server that made the event',
  'statistics.cardinality': 'an estimate of the engine',
  'statistics.nullable':
    'follows from the column, which is compared; MySQL tells it otherwise of an expression once a table was altered',
  'json_duality_view_columns.referenced_table_id': 'a number that the server deals out',
  'json_duality_view_tables.referenced_table_id': 'a number that the server deals out',
  'json_duality_view_tables.referenced_table_parent_id': 'a number that the server deals out',
};

interface CosmeticText {
  readonly pattern: RegExp;
  readonly replacement: string;
  readonly reason: string;
}

/** Parts of SHOW CREATE TABLE that a server adds to its own output when that output is fed to it again. */
export const COSMETIC_DEFINITION: readonly CosmeticText[] = [
  {
    pattern: / CHARACTER SET \w+(?= COLLATE)/g,
    replacement: '',
    reason: 'printed once it was written down; the character set of every column is compared on its own',
  },
  {
    pattern: / PAGE_CHECKSUM=1/g,
    replacement: '',
    reason: 'the default of Aria, printed once it was written down',
  },
];

/** The same for information_schema.tables.create_options. */
export const COSMETIC_OPTIONS: readonly CosmeticText[] = [
  {
    pattern: /page_checksum=1 ?/g,
    replacement: '',
    reason: 'the default of Aria, printed once it was written down',
  },
];

/** Histograms are made anew where a dump carries them. */
export const COSMETIC_HISTOGRAM: readonly CosmeticText[] = [
  { pattern: /"last-updated": "[^"]*",? ?/, replacement: '', reason: 'when, not what' },
];

/** A type inside MySQL's JSON that counts as another. */
export const COSMETIC_JSON_TYPE = {
  type: 'UNSIGNED INTEGER',
  countsAs: 'INTEGER',
  reason:
    'SQL integers in JSON remember their type, JSON text has one kind of integer; the digits are compared',
};

/** Applies one of the lists above. */
export const withoutCosmetics = (text: string, cosmetics: readonly CosmeticText[]): string =>
  cosmetics.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text);
