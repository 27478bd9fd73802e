import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Gives what a stream stage makes of a source. The source is read only as fast as the result is taken; an error of
 * either ends both, and so does a reader that stops early.
 */
export async function* passThrough(
  source: AsyncIterable<Buffer>,
  stage: Duplex,
): AsyncGenerator<Buffer, void, undefined> {
  const feeding = pipeline(source, stage);
  // It is awaited below; an error shows first as the end of the stage.
  feeding.catch(() => {});
  try {
    for await (const chunk of stage) yield chunk;
    await feeding;
  } finally {
    // Not awaited: the source may wait for something that only the caller can end.
    stage.destroy();
  }
}
