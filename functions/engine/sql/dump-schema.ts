import { finished } from 'node:stream/promises';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { SafeBaseError } from '../../errors.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { DumpText } from './dump-text.ts';
import type { DumpInput, DumpSummary, SchemaDump } from './format-sql.ts';
import { PartCutter } from './part-cutter.ts';

/** Bytes that the compressor gives at once. */
const COMPRESSED_CHUNK = 256 * 1024;

/**
 * Dumps one schema as one consistent instant, compressed and cut into parts. Nothing is kept but the part that is being
 * filled; the tool waits while nobody takes parts.
 * @throws `dump_failed`, `dump_killed`, `dump_truncated`, the codes of reaching the database, the reason of the signal
 */
export function dumpSchema(input: DumpInput): SchemaDump {
  let result: DumpSummary | undefined;
  const parts = dumpParts(input, (summary) => {
    result = summary;
  });
  return {
    parts,
    summary: () => {
      if (!result) throw new Error('the dump has not ended');
      return result;
    },
  };
}

async function* dumpParts(input: DumpInput, onEnd: (summary: DumpSummary) => void) {
  const programs = CLIENT_PROGRAMS[input.product];
  const flags = programs.dumpFlags(input);
  const child = await startClient({ ...input, programs, task: 'dump', flags });
  const compressor = createZstdCompress({
    chunkSize: COMPRESSED_CHUNK,
    params: {
      [constants.ZSTD_c_compressionLevel]: input.zstdLevel,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  const text = new DumpText();
  const cutter = new PartCutter(input.partBytes);
  const feeding = feed(child, text, compressor, input.onProgress);
  feeding.catch((error) => compressor.destroy(error));
  try {
    for await (const chunk of compressor) yield* cutter.take(chunk);
    await feeding;
    yield* cutter.end();
    const program = { name: programs.dump, version: text.programVersion };
    onEnd({ ...cutter.summary(), dumpBytes: text.bytes, program });
  } finally {
    // Whoever stops early, by an error or by not taking more parts, leaves no program behind.
    child.kill(new Error('the dump is not wanted any more'));
    compressor.destroy();
    await child.ended.catch(() => {});
  }
}

/** The compressor's end, without which there is no last part, is written only when all proofs are there. */
async function feed(
  child: ClientProcess,
  text: DumpText,
  compressor: ZstdCompress,
  onProgress: DumpInput['onProgress'],
): Promise<void> {
  for await (const chunk of child.stdout) {
    const kept = text.take(chunk);
    onProgress(text.bytes);
    if (kept.length > 0 && !compressor.write(kept)) await drained(compressor);
  }
  await child.ended;
  if (!text.hasEnd) throw new SafeBaseError('dump_truncated', 'the dump tool ended without its end line');
  compressor.end();
}

/** Waits for room; a compressor that was destroyed meanwhile rejects. */
async function drained(compressor: ZstdCompress): Promise<void> {
  const stop = new AbortController();
  const drain = new Promise<void>((resolve) => compressor.once('drain', resolve));
  const end = finished(compressor, { signal: stop.signal });
  end.catch(() => {});
  await Promise.race([drain, end]);
  stop.abort();
}
