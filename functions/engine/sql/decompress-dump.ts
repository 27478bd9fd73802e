import { createZstdDecompress } from 'node:zlib';
import { SafeBaseError } from '../../errors.ts';
import { throwIfOver } from '../deadline.ts';
import { DumpText } from './dump-text.ts';
import type { CheckInput } from './format-sql.ts';
import { passThrough } from './pass-through.ts';

/** Bytes of text that the decompressor gives at once. */
const TEXT_CHUNK = 256 * 1024;

/**
 * Gives the text of a stored dump, and ends well only if that is all of it: one whole zstd frame with exactly the bytes
 * that the manifest promises, and the end line.
 * @throws `backup_damaged`, `dump_truncated`, what `dump` throws, the reason of the signal
 */
export async function* decompressDump(
  input: Pick<CheckInput, 'dump' | 'dumpBytes' | 'signal' | 'onProgress'>,
): AsyncGenerator<Buffer, void, undefined> {
  const watched = new DumpText();
  const stage = createZstdDecompress({ chunkSize: TEXT_CHUNK });
  for await (const chunk of translated(passThrough(input.dump, stage))) {
    throwIfOver(input.signal);
    watched.take(chunk);
    // More bytes than promised are an archive bomb or another object: stop before they are read.
    if (watched.bytes > input.dumpBytes) throw damaged('it holds more text than the manifest says');
    input.onProgress(watched.bytes);
    yield chunk;
  }
  // The decoder of Node stops after one frame without a word (nodejs/node#64741): only the count shows what is missing.
  if (watched.bytes !== input.dumpBytes) throw damaged('it holds less text than the manifest says');
  if (!watched.hasEnd) throw new SafeBaseError('dump_truncated', 'the stored dump has no end line');
}

async function* translated(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* text;
  } catch (error) {
    if (!isZstdError(error)) throw error;
    throw damaged('it cannot be decompressed', error);
  }
}

/** The decoder closes before it has taken all where bytes follow the frame. */
const isZstdError = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  /^(?:ZSTD_|Z_BUF|ERR_STREAM_PREMATURE_CLOSE)/.test(String(error.code));

const damaged = (what: string, cause?: unknown): SafeBaseError =>
  new SafeBaseError('backup_damaged', `the stored dump is damaged: ${what}`, { cause });
