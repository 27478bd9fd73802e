import { quoteName } from '../connection.ts';
import { freeBuffer } from '../free-buffer.ts';
import { columnForm } from './column-form.ts';
import { loadedColumns, type RowTable } from './table-rows.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const QUOTE = 0x27;
const NULL_FIELD = Buffer.from(String.raw`\N`);
const NULL_LITERAL = Buffer.from('NULL');

/** What stands before and behind the bytes of a field. */
interface FieldForm {
  readonly before: Buffer;
  readonly after: Buffer;
}

/** Some rows as one statement. */
interface RowsStatement {
  readonly statement: Buffer;
  readonly rows: number;
}

/**
 * Turns lines of LOAD DATA into INSERT statements that store the same, in the session of `setUpLoading`. A field is the
 * inside of a string literal already, but for its quotes: the escapes are the same, and `_binary` keeps the bytes.
 */
export class InsertText {
  readonly #head: Buffer;
  readonly #fields: readonly FieldForm[];
  /** The most that is added to the bytes of a line, beside a quote for each of its quotes. */
  readonly #overhead: number;
  readonly #maxBytes: number;
  /** Of a line that goes on in the next text. */
  readonly #begun: Buffer[] = [];
  #buffer: Buffer;
  #at = 0;
  #rows = 0;

  /** @param maxBytes of a statement; that of a single row may be longer */
  constructor(product: 'mariadb' | 'mysql', table: RowTable, maxBytes: number) {
    const { head, fields, overhead } = formOf(product, table);
    this.#head = head;
    this.#fields = fields;
    this.#overhead = overhead;
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.allocUnsafeSlow(maxBytes);
  }

  /** Adds lines. @returns the statements that are full; their bytes are theirs */
  *take(text: Buffer): Generator<RowsStatement> {
    let start = 0;
    for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED, start)) {
      const rest = text.subarray(start, end);
      yield* this.#begun.length > 0 ? this.#addBegun(rest) : this.#add(rest);
      start = end + 1;
    }
    if (start < text.length) this.#begun.push(Buffer.from(text.subarray(start)));
  }

  /** Large rows come so, and there are few in memory at once only if each is freed. */
  *#addBegun(rest: Buffer): Generator<RowsStatement> {
    const begun = this.#begun.splice(0);
    const line = Buffer.concat([...begun, rest]);
    for (const piece of begun) freeBuffer(piece);
    yield* this.#add(line);
    freeBuffer(line);
  }

  *end(): Generator<RowsStatement> {
    if (this.#rows > 0) yield this.#finish();
  }

  *#add(line: Buffer): Generator<RowsStatement> {
    const needed = line.length + quotesIn(line) + this.#overhead;
    if (this.#rows > 0 && this.#at + needed > this.#buffer.length) yield this.#finish();
    if (this.#rows === 0) this.#begin(needed);
    this.#write(line);
    this.#rows += 1;
  }

  #begin(needed: number): void {
    const wanted = Math.max(this.#maxBytes, this.#head.length + needed);
    if (this.#buffer.length !== wanted) this.#buffer = Buffer.allocUnsafeSlow(wanted);
    this.#at = this.#head.copy(this.#buffer);
  }

  #finish(): RowsStatement {
    const filled = this.#buffer.subarray(0, this.#at);
    const rows = this.#rows;
    this.#rows = 0;
    if (this.#buffer.length === this.#maxBytes) return { statement: Buffer.from(filled), rows };
    // A large row is in memory often enough.
    this.#buffer = Buffer.alloc(0);
    return { statement: filled, rows };
  }

  #write(line: Buffer): void {
    this.#sign(this.#rows > 0 ? ',(' : '(');
    let start = 0;
    for (const [index, form] of this.#fields.entries()) {
      const tab = line.indexOf(TAB, start);
      const end = tab < 0 ? line.length : tab;
      if (index > 0) this.#sign(',');
      this.#writeField(line.subarray(start, end), form);
      start = end + 1;
    }
    this.#sign(')');
  }

  #writeField(field: Buffer, { before, after }: FieldForm): void {
    if (field.equals(NULL_FIELD)) {
      this.#at += NULL_LITERAL.copy(this.#buffer, this.#at);
      return;
    }
    this.#at += before.copy(this.#buffer, this.#at);
    let start = 0;
    for (let quote = field.indexOf(QUOTE); quote >= 0; quote = field.indexOf(QUOTE, start)) {
      this.#at += field.copy(this.#buffer, this.#at, start, quote + 1);
      this.#sign("'");
      start = quote + 1;
    }
    this.#at += field.copy(this.#buffer, this.#at, start);
    this.#at += after.copy(this.#buffer, this.#at);
  }

  #sign(text: string): void {
    this.#at += this.#buffer.write(text, this.#at, 'latin1');
  }
}

/** The most that a statement of one row has beside its line and its quotes (bytes). */
export function bytesAroundRow(product: 'mariadb' | 'mysql', table: RowTable): number {
  const { head, overhead } = formOf(product, table);
  return head.length + overhead;
}

function formOf(product: 'mariadb' | 'mysql', table: RowTable) {
  const forms = loadedColumns(table).map((column) => ({ column, ...columnForm(product, column) }));
  const names = forms.map(({ column }) => quoteName(column.name)).join(', ');
  const into = `${quoteName(table.schema)}.${quoteName(table.name)}`;
  const fields: readonly FieldForm[] = forms.map(({ set }) => {
    const [before = '', after = ''] = (set ?? ((literal) => literal))("_binary'?'").split('?');
    return { before: Buffer.from(before), after: Buffer.from(after) };
  });
  const around = fields.reduce((sum, { before, after }) => sum + before.length + after.length + 1, 0);
  return {
    head: Buffer.from(`INSERT INTO ${into} (${names}) VALUES `),
    fields,
    overhead: around + '(),'.length,
  };
}

/** Each of them is doubled in a literal. */
export function quotesIn(line: Buffer): number {
  let quotes = 0;
  for (let at = line.indexOf(QUOTE); at >= 0; at = line.indexOf(QUOTE, at + 1)) quotes += 1;
  return quotes;
}
