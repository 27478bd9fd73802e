import { type Classified, classify } from './classify.ts';
import { RowTarget } from './row-target.ts';
import { SessionState } from './session-state.ts';
import { type Piece, type Statement, StatementSplitter } from './statement-splitter.ts';

/** A statement of a dump that was found harmless, or a piece of the rows of one. */
export type DumpItem =
  | {
      readonly type: 'statement';
      readonly text: Buffer;
      readonly does: Classified;
      readonly session: SessionState;
    }
  | Exclude<Piece, Statement>;

/**
 * Reads the text of a dump statement by statement, each checked against what the dump tools write. Items must be used
 * before the next is asked for: their bytes and the session are those of the moment.
 * @param schema the name that may stand before the name of a target
 * @throws `dump_escapes_target`; what `text` throws
 */
export async function* readStatements(
  text: AsyncIterable<Buffer>,
  schema: string,
): AsyncGenerator<DumpItem, void, undefined> {
  const splitter = new StatementSplitter();
  const session = new SessionState();
  const target = new RowTarget();

  function* items(pieces: Iterable<Piece>): Generator<DumpItem, void, undefined> {
    for (const piece of pieces) {
      if (piece.type === 'rows-head') target.check(piece);
      if (piece.type !== 'statement') {
        yield piece;
        continue;
      }
      const does = classify(piece, session, schema);
      if (does.kind === 'database') session.setDatabaseCollation(does.characterSet, does.collation);
      target.follow(does);
      splitter.quoting = session.quoting;
      yield { type: 'statement', text: piece.text, does, session };
    }
  }

  for await (const chunk of text) yield* items(splitter.push(chunk));
  yield* items(splitter.end());
}
