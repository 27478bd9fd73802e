import { quoteName } from '../connection.ts';

/** A column as far as its values' way out and in again depends on it. */
export interface RowColumn {
  readonly name: string;
  /** Lower case, without length: `float`, `enum`. */
  readonly type: string;
  /** Whole, as information_schema prints it: `enum('a','b')`. */
  readonly fullType: string;
}

/** How the values of a column are read and stored, so that nothing of them changes. */
export interface ColumnForm {
  /** The expression that a SELECT asks for. */
  readonly select: string;
  /** What is stored, from a variable that holds the field of the line; absent where the field is stored as it is. */
  readonly set?: (variable: string) => string;
  /** Whether the server may warn of a value that it stores exactly. */
  readonly mayWarn?: boolean;
}

/**
 * The way of a column's values through a file whose character set is `binary`, in the session of `session-settings`.
 * What is not named here is exact as it is: strings come and go as the bytes that are stored, numbers and times as text.
 */
export function columnForm(product: 'mariadb' | 'mysql', column: RowColumn): ColumnForm {
  const name = quoteName(column.name);
  switch (column.type) {
    case 'float':
      // A FLOAT prints with 6 digits; as a DOUBLE it prints with as many as tell its bits.
      return { select: `${name}*1e0` };
    case 'double':
      // DOUBLE(10,2) prints with two decimals, whatever it holds.
      return { select: column.fullType.includes('(') ? `${name}*1e0` : name };
    case 'enum':
      // MariaDB 10.11 stores the error value 0, and warns.
      return { ...enumForm(name, column.fullType), mayWarn: product === 'mariadb' };
    case 'set':
      // As number: members beyond the BMP are printed by no server. Text would be looked for among the members first.
      return { select: asNumber(name), set: asNumber };
    case 'json':
      // MySQL takes JSON from no binary text: error 3144.
      return product === 'mysql'
        ? { select: name, set: (variable) => `CONVERT(${variable} USING utf8mb4)` }
        : { select: name };
    case 'uuid':
    case 'inet4':
    case 'inet6':
      // MariaDB would take binary text for the bytes of the value.
      return { select: name, set: (variable) => `CONVERT(${variable} USING ascii)` };
    default:
      return { select: name };
  }
}

const asNumber = (value: string): string => `CAST(${value} AS UNSIGNED)`;

/**
 * An ENUM travels as the number of its member. Stored as text, as no server takes the error value 0 as a number; but text is looked for among the members first, so it has zeros in front where one of them could be meant.
 * Servers take text of up to five characters for a number.
 */
function enumForm(name: string, fullType: string): ColumnForm {
  if (!HAS_NUMBER_FOR_MEMBER.test(fullType)) return { select: asNumber(name) };
  // At least as many as it has.
  const members = fullType.split("','").length;
  const width = [5, 4, 3, 2].find(
    (digits) => members < 10 ** digits && !new RegExp(`'\\p{N}{${digits}} *'`, 'u').test(fullType),
  );
  if (width === undefined) return { select: asNumber(name), set: asNumber };
  return { select: `LPAD(${asNumber(name)}, ${width}, '0')` };
}

/** Any digits of Unicode: a collation may take them for ours. */
const HAS_NUMBER_FOR_MEMBER = /'[^'\p{L}]*\p{N}[^'\p{L}]*'/u;
