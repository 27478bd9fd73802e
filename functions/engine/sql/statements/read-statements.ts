import { type Classified, classify } from './classify.ts';
import { RowTarget } from './row-target.ts';
import { SessionState } from './session-state.ts';
import { type Piece, type Statement, StatementSplitter } from './statement-splitter.ts';

type Rows = Extract<Piece, { type: 'rows' }>;

/** A statement of a dump that was found harmless, or a piece of the rows of one. */
export type DumpItem =
  | {
      readonly type: 'statement';
      readonly text: Buffer;
      readonly does: Classified;
      readonly session: Pick<SessionState, 'isPlain' | 'namesCharacterSets' | 'settings'>;
    }
  | (Rows & { readonly table: string })
  | Exclude<Piece, Statement | Rows>;

export type StatementItem = Extract<DumpItem, { type: 'statement' }>;
/** Makes another statement of one, or nothing where it is left out. */
export type ChooseStatement = (item: StatementItem) => StatementItem | undefined;

/**
 * Reads the text of a dump statement by statement, each checked against what the dump tools write. Items must be used
 * before the next is asked for: their bytes and the session are those of the moment.
 */
export class StatementReader {
  readonly #splitter = new StatementSplitter();
  readonly #session = new SessionState();
  readonly #target = new RowTarget();
  readonly #schema: string;

  /** @param schema the name that may stand before the name of a target */
  constructor(schema: string) {
    this.#schema = schema;
  }

  /** @throws `dump_escapes_target` */
  *push(text: Buffer): Generator<DumpItem, void, undefined> {
    for (const piece of this.#splitter.push(text)) yield this.#judge(piece);
  }

  /** @throws `dump_escapes_target` where the text ends within a statement */
  *end(): Generator<DumpItem, void, undefined> {
    for (const piece of this.#splitter.end()) yield this.#judge(piece);
  }

  #judge(piece: Piece): DumpItem {
    if (piece.type === 'rows') return { ...piece, table: this.#target.table };
    if (piece.type === 'comment') return piece;
    if (piece.type === 'rows-head') {
      this.#target.check(piece);
      return piece;
    }
    const session = this.#session;
    const does = classify(piece, session, this.#schema);
    if (does.kind === 'database') session.setDatabaseCollation(does.characterSet, does.collation);
    this.#target.follow(does);
    this.#splitter.quoting = session.quoting;
    return { type: 'statement', text: piece.text, does, session };
  }
}

/** All of a text. @throws `dump_escapes_target`; what `text` throws */
export async function* readStatements(
  text: AsyncIterable<Buffer>,
  schema: string,
): AsyncGenerator<DumpItem, void, undefined> {
  const reader = new StatementReader(schema);
  for await (const chunk of text) yield* reader.push(chunk);
  yield* reader.end();
}
