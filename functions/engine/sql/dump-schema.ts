import { Transform, type TransformOptions } from 'node:stream';
import { constants, createZstdCompress, type ZstdOptions } from 'node:zlib';
import { SafeBaseError } from '../../errors.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { DumpText } from './dump-text.ts';
import type { DumpInput, DumpSummary, SchemaDump } from './format-sql.ts';
import { PartCutter } from './part-cutter.ts';
import { passThrough } from './pass-through.ts';

/**
 * Bytes that go from stage to stage at once. The compressor works in another thread, and going there and back for each
 * few KB costs a fifth of all time; two batches may wait for it, so that the tool goes on meanwhile.
 */
const BATCH_BYTES = 1024 * 1024;

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
  const child = await startClient({ ...input, programs, task: 'dump', flags, outputBatchBytes: BATCH_BYTES });
  const text = new DumpText();
  const cutter = new PartCutter(input.partBytes);
  try {
    const proven = provenText(child, text);
    const compressor = createZstdCompress(compressorOptions(input.zstdLevel));
    const compressed = passThrough(child.stdout, proven, compressor);
    for await (const chunk of compressed) {
      input.onProgress(text.bytes);
      yield* cutter.take(chunk);
    }
    yield* cutter.end();
    const program = { name: programs.dump, version: text.programVersion };
    onEnd({ ...cutter.summary(), dumpBytes: text.bytes, program });
  } finally {
    // Whoever stops early, by an error or by not taking more parts, leaves no program behind.
    child.kill(new Error('the dump is not wanted any more'));
    await child.ended.catch(() => {});
  }
}

/** The types of Node do not know that the options of every stream are taken too. */
const compressorOptions = (level: number): ZstdOptions & TransformOptions => ({
  chunkSize: BATCH_BYTES,
  writableHighWaterMark: 2 * BATCH_BYTES,
  readableHighWaterMark: BATCH_BYTES,
  params: {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
});

/** Ends only when all proofs are there: so does the frame of the compressor, and without that there is no last part. */
function provenText(child: ClientProcess, text: DumpText): Transform {
  return new Transform({
    readableHighWaterMark: BATCH_BYTES,
    transform: (batch: Buffer, _encoding, done) => done(null, text.take(batch)),
    flush: (done) => {
      const proof = child.ended.then(() => {
        if (!text.hasEnd)
          throw new SafeBaseError('dump_truncated', 'the dump tool ended without its end line');
      });
      proof.then(() => done(), done);
    },
  });
}
