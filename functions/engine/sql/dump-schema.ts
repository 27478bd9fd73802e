import { constants, createZstdCompress } from 'node:zlib';
import { SafeBaseError } from '../../errors.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { DumpText } from './dump-text.ts';
import type { DumpInput, DumpSummary, SchemaDump } from './format-sql.ts';
import { PartCutter } from './part-cutter.ts';
import { passThrough } from './pass-through.ts';

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
  const text = new DumpText();
  const cutter = new PartCutter(input.partBytes);
  try {
    const compressor = createZstdCompress({
      chunkSize: COMPRESSED_CHUNK,
      params: {
        [constants.ZSTD_c_compressionLevel]: input.zstdLevel,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    });
    const compressed = passThrough(provenText(child, text, input.onProgress), compressor);
    for await (const chunk of compressed) yield* cutter.take(chunk);
    yield* cutter.end();
    const program = { name: programs.dump, version: text.programVersion };
    onEnd({ ...cutter.summary(), dumpBytes: text.bytes, program });
  } finally {
    // Whoever stops early, by an error or by not taking more parts, leaves no program behind.
    child.kill(new Error('the dump is not wanted any more'));
    await child.ended.catch(() => {});
  }
}

/** Ends only when all proofs are there: so does the frame of the compressor, and without its end there is no last part. */
async function* provenText(child: ClientProcess, text: DumpText, onProgress: DumpInput['onProgress']) {
  for await (const chunk of child.stdout) {
    const kept = text.take(chunk);
    onProgress(text.bytes);
    if (kept.length > 0) yield kept;
  }
  await child.ended;
  if (!text.hasEnd) throw new SafeBaseError('dump_truncated', 'the dump tool ended without its end line');
}
