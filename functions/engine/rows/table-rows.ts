import { quoteName } from '../connection.ts';
import { columnForm, type RowColumn } from './column-form.ts';

/** A table whose rows travel. */
export interface RowTable {
  readonly schema: string;
  readonly name: string;
  /** Those that hold values of their own, also invisible ones: neither generated ones nor the two of a row's time. */
  readonly columns: readonly RowColumn[];
  /** Whether some columns are computed: a server warns where such a value does not fit, which is none of ours. */
  readonly hasGenerated: boolean;
  /**
   * The columns that tell from when to when a row was the present one, where its past travels too. They may be the
   * implicit ones, which no catalogue names.
   */
  readonly period?: readonly [start: string, end: string];
}

/** Puts the rows of a table into a file and takes them out again, as two statements that fit together. */
export interface RowStatements {
  readonly select: string;
  /** Of each row of `select`, and so of each line. */
  readonly columns: number;
  readonly load: string;
  /** Whether warnings of `load` say nothing: then the fingerprint of what was stored decides alone. */
  readonly mayWarn: boolean;
}

/** The name that LOAD DATA gives the file, and that the server asks for. */
export const FILE_NAME = 'safebase-rows';

/**
 * @param product of the server that both statements are for; the lines are the same for all
 * @param condition a SQL condition for the rows that are wanted @default all
 * @param index that they are read by, so that no others are read @default as the server likes
 */
export function rowStatements(
  product: 'mariadb' | 'mysql',
  table: RowTable,
  condition?: string,
  index?: string,
): RowStatements {
  const forms = loadedColumns(table).map((column) => ({
    name: quoteName(column.name),
    ...columnForm(product, column),
  }));
  const selected = forms.map(({ select }) => select);
  const fields = forms.map(({ name, set }, index) => (set ? variable(index) : name));
  const sets = forms.flatMap(({ name, set }, index) => (set ? [`${name} = ${set(variable(index))}`] : []));
  const from = `${quoteName(table.schema)}.${quoteName(table.name)}`;
  const which = [
    ...(table.period ? [' FOR SYSTEM_TIME ALL'] : []),
    ...(index ? [` FORCE INDEX (${quoteName(index)})`] : []),
    ...(condition ? [` WHERE ${condition}`] : []),
  ];
  return {
    // A table may have nothing but generated columns: its rows count.
    select: `SELECT ${selected.join(', ') || '1'} FROM ${from}${which.join('')}`,
    columns: Math.max(1, forms.length),
    load: [
      `LOAD DATA LOCAL INFILE '${FILE_NAME}' INTO TABLE ${from} CHARACTER SET binary`,
      String.raw`FIELDS TERMINATED BY '\t' ENCLOSED BY '' ESCAPED BY '\\' LINES STARTING BY '' TERMINATED BY '\n'`,
      `(${fields.join(', ') || variable(0)})`,
      ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
    ].join(' '),
    mayWarn: table.hasGenerated || forms.some(({ mayWarn }) => mayWarn === true),
  };
}

/** What a line has a field of, in that order. */
export const loadedColumns = ({ columns, period }: RowTable): readonly RowColumn[] => [
  ...columns,
  ...(period ?? []).map(timeColumn),
];

const variable = (index: number): string => `@c${index}`;

const timeColumn = (name: string): RowColumn => ({ name, type: 'timestamp', fullType: 'timestamp(6)' });
