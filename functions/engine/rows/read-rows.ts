import type { Conversation } from './conversation.ts';
import { ResultSet } from './result-set.ts';
import { type RowsProof, TsvText } from './tsv-text.ts';

/** Rows on their way out of a server. */
export interface RowsText {
  /** Lines of LOAD DATA, in texts as `compressFrames` takes them. Whoever stops early breaks the connection. */
  readonly texts: AsyncIterable<Buffer>;
  /** What was read; final once `texts` has ended. */
  readonly proof: () => RowsProof;
  /** Frees the memory of the texts, once nobody uses them any more. */
  readonly free: () => void;
}

/**
 * Reads the answer to a SELECT as text for LOAD DATA.
 * @param columns that the SELECT names
 * @throws (from `texts`) what the server says, `query_failed` where it does not keep to the protocol, and as `Conversation`
 */
export function readRows(conversation: Conversation, columns: number): RowsText {
  const text = new TsvText(columns);
  return {
    texts: readTexts(conversation, columns, text),
    proof: () => text.proof(),
    free: () => text.free(),
  };
}

async function* readTexts(
  conversation: Conversation,
  columns: number,
  text: TsvText,
): AsyncGenerator<Buffer, void, undefined> {
  const result = new ResultSet(columns, conversation.endsWithOk);
  try {
    while (!result.isOver) {
      result.packets.feed(await conversation.read());
      while (convert(result, text)) yield* taken(text);
    }
  } finally {
    // Also after an error that the server told: that is the end of its answer.
    if (result.isOver) await conversation.release();
    else conversation.abandon();
  }
  text.finish();
  yield* taken(text);
}

/** The hot loop. @returns whether a text is ready; else all that was fed is read */
function convert(result: ResultSet, text: TsvText): boolean {
  const packets = result.packets;
  while (result.next()) {
    if (text.add(packets.bytes, packets.start, packets.end)) return true;
  }
  return false;
}

function* taken(text: TsvText): Generator<Buffer, void, undefined> {
  for (let ready = text.take(); ready !== undefined; ready = text.take()) yield ready;
}
