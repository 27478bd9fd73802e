import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Gives what stages make of a source. The source is read only as fast as the result is taken; an error of any of them
 * ends all, and so does a reader that stops early.
 */
export async function* passThrough(
  source: AsyncIterable<Buffer>,
  ...stages: readonly [Duplex, ...Duplex[]]
): AsyncGenerator<Buffer, void, undefined> {
  const last = stages.at(-1) ?? stages[0];
  const feeding = pipeline([source instanceof Readable ? source : Readable.from(source), ...stages]);
  // It is awaited below; an error shows first as the end of the last stage.
  feeding.catch(() => {});
  try {
    for await (const chunk of last) yield chunk;
    await feeding;
  } finally {
    // Not awaited: the source may wait for something that only the caller can end.
    last.destroy();
  }
}
