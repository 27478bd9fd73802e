import { refusal } from './statements/refusal.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** How every server prints the state of an event, before its comment and body. */
const STATE_OF_EVENT = [
  ['ON', 'COMPLETION', 'NOT', 'PRESERVE'],
  ['ON', 'COMPLETION', 'PRESERVE'],
];

/**
 * Makes the event of a CREATE EVENT arrive switched off.
 * @returns nothing where the event does not run anyway
 * @throws `dump_escapes_target` where the statement does not say as servers do whether it runs
 */
export function disableEvent(text: Buffer, tokens: readonly CodeToken[]): Buffer | undefined {
  const state = tokens.findIndex((_, index) => stateAt(tokens, index) !== undefined);
  const token = stateAt(tokens, state);
  if (isCode(token, 'DISABLE')) return undefined;
  if (!token || !isCode(token, 'ENABLE')) throw refusal('it does not say whether the event runs', text);
  return Buffer.concat([text.subarray(0, token.start), Buffer.from('DISABLE'), text.subarray(token.end)]);
}

/** The token that says whether the event runs, if the words before it begin at `index`. */
function stateAt(tokens: readonly CodeToken[], index: number): CodeToken | undefined {
  const before = STATE_OF_EVENT.find((words) =>
    words.every((word, ahead) => isCode(tokens[index + ahead], word)),
  );
  return before && tokens[index + before.length];
}
