import { columnForm } from '../rows/column-form.ts';
import { bytesAroundRow, quotesIn } from '../rows/insert-text.ts';
import { loadedColumns, type RowTable } from '../rows/table-rows.ts';

/** How rows reach a server, as far as one of them can be too long for it. */
export interface RowsWay {
  readonly product: 'mariadb' | 'mysql';
  /** By LOAD DATA LOCAL, else by INSERT. */
  readonly takesLocalRows: boolean;
  readonly maxAllowedPacketBytes: number;
}

/** Which lines of a table may be too long, and how many bytes `max_allowed_packet` must have for one. */
export interface LongRows {
  /** Shorter lines need not be looked at. */
  readonly fromBytes: number;
  packetFor(line: Buffer): number;
}

/** @returns nothing where rows of any length go */
export function longRowsOf(way: RowsWay, table: RowTable): LongRows | undefined {
  if (way.takesLocalRows) return longLoads(way, table);
  const around = bytesAroundRow(way.product, table);
  return {
    // A line of nothing but quotes is twice as long in a statement.
    fromBytes: Math.max(0, (way.maxAllowedPacketBytes - around) / 2),
    // A packet is the statement and one byte more.
    packetFor: (line) => line.length + quotesIn(line) + around + 1,
  };
}

/** LOAD DATA takes fields of any length, but what a function makes of one must fit into a packet (error 1301). */
function longLoads({ product, maxAllowedPacketBytes }: RowsWay, table: RowTable): LongRows | undefined {
  const isMade = loadedColumns(table).map((column) => columnForm(product, column).set !== undefined);
  if (!isMade.includes(true)) return undefined;
  return {
    fromBytes: maxAllowedPacketBytes,
    packetFor: (line) =>
      fieldsOf(line).reduce(
        (most, field, index) => (isMade[index] ? Math.max(most, bytesIn(field)) : most),
        0,
      ),
  };
}

const TAB = 0x09;
const BACKSLASH = 0x5c;

function fieldsOf(line: Buffer): readonly Buffer[] {
  const fields: Buffer[] = [];
  let start = 0;
  for (let end = line.indexOf(TAB); end >= 0; end = line.indexOf(TAB, start)) {
    fields.push(line.subarray(start, end));
    start = end + 1;
  }
  return [...fields, line.subarray(start)];
}

/** Of the value of a field: an escape is two bytes for one. */
function bytesIn(field: Buffer): number {
  let escapes = 0;
  for (let at = field.indexOf(BACKSLASH); at >= 0; at = field.indexOf(BACKSLASH, at + 2)) escapes += 1;
  return field.length - escapes;
}
