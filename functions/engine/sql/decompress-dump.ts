import { SafeBaseError } from '../../errors.ts';
import { damagedDump } from '../damaged-dump.ts';
import { throwIfOver } from '../deadline.ts';
import { decompressFrames } from '../zstd-frames.ts';
import { DumpText } from './dump-text.ts';
import type { CheckInput } from './format-sql.ts';

/**
 * Gives the text of a stored dump, and ends well only if that is all of it: whole zstd frames with exactly the bytes
 * that the manifest promises, and the end line.
 * @throws `backup_damaged`, `dump_truncated`, what `dump` throws, the reason of the signal
 */
export async function* decompressDump(
  input: Pick<CheckInput, 'dump' | 'dumpBytes' | 'signal' | 'onProgress'>,
): AsyncGenerator<Buffer, void, undefined> {
  const watched = new DumpText();
  for await (const text of decompressFrames(input.dump)) {
    throwIfOver(input.signal);
    watched.take(text);
    if (watched.bytes > input.dumpBytes) throw damagedDump('it holds more text than the manifest says');
    input.onProgress(watched.bytes);
    yield text;
  }
  if (watched.bytes !== input.dumpBytes) throw damagedDump('it holds less text than the manifest says');
  if (!watched.hasEnd) throw new SafeBaseError('dump_truncated', 'the stored dump has no end line');
}
