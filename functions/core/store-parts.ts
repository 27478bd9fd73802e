import type { Part } from '../engine/part.ts';
import type { ObjectStore, WrittenObject } from './ports.ts';

/** An object whose bytes are all there. */
export interface Storing {
  /** Resolves once it lies in the store. */
  readonly written: Promise<WrittenObject>;
}

/**
 * Writes parts as one object: a single one in one request, which is what most tables are, more as an upload. A single one
 * is on its way when this resolves, so that its source may go on to the next.
 * @returns nothing where there is no part: then there is no object
 * @throws as `ObjectStore.writeParts`
 */
export async function storeParts(
  objects: ObjectStore,
  key: string,
  parts: AsyncGenerator<Part, void, undefined>,
  signal: AbortSignal,
): Promise<Storing | undefined> {
  const first = await parts.next();
  if (first.done) return undefined;
  const second = await parts.next();
  if (second.done) {
    const { body, sha256, release } = first.value;
    const written = objects.writeOnce(key, body, 'application/zstd', signal, sha256);
    // Only what has arrived is read by nobody any more.
    written.then(release, () => {});
    // Whoever is interrupted waits for it no more.
    written.catch(() => {});
    return { written };
  }
  const whole = await objects.writeParts(key, beginningWith([first.value, second.value], parts), signal);
  return { written: Promise.resolve(whole) };
}

/** Whoever stops early ends the source too. */
async function* beginningWith(taken: readonly Part[], others: AsyncGenerator<Part, void, undefined>) {
  try {
    yield* taken;
    yield* others;
  } finally {
    await others.return();
  }
}
