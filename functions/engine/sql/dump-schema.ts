import { compressFrames } from '../zstd-frames.ts';
import type { DumpInput, DumpSummary, SchemaDump } from './format-sql.ts';
import { PartCutter } from './part-cutter.ts';
import { readDump } from './read-dump.ts';

/**
 * Dumps one schema as one consistent instant, looked through statement by statement, compressed and cut into parts.
 * Nothing is kept but the part that is being filled; the tool waits while nobody takes parts.
 * @throws `dump_failed`, `dump_killed`, `dump_truncated`, `dump_incomplete`, `proof_failed`, the codes of reaching the database, the reason
 * of the signal
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
  const dump = readDump({ ...input, rows: true });
  const cutter = new PartCutter(input.partBytes);
  for await (const bytes of compressFrames(dump.texts, input.zstdLevel)) {
    input.onProgress(...dump.progress());
    yield* cutter.take(bytes);
  }
  input.onProgress(...dump.progress());
  // Only now the last part: without it there is no object.
  yield* cutter.end();
  const [dumpBytes] = dump.progress();
  const found = dump.found();
  onEnd({ ...cutter.summary(), dumpBytes, program: dump.program(), ...(found && { found }) });
}
