import { SafeBaseError } from '../../errors.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { compressFrames } from '../zstd-frames.ts';
import { DumpCheck } from './check-dump.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { DumpText } from './dump-text.ts';
import type { DumpInput, DumpSummary, SchemaDump } from './format-sql.ts';
import { PartCutter } from './part-cutter.ts';

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
  const programs = CLIENT_PROGRAMS[input.product];
  const flags = programs.dumpFlags(input);
  const child = await startClient({ ...input, programs, task: 'dump', flags });
  const text = new DumpText();
  const check = input.isReadable ? new DumpCheck(input.schema) : undefined;
  const cutter = new PartCutter(input.partBytes);
  try {
    for await (const bytes of compressFrames(watchedText(child, text, check), input.zstdLevel)) {
      input.onProgress(text.bytes, check?.seen());
      yield* cutter.take(bytes);
    }
    await child.ended;
    if (!text.hasEnd) throw new SafeBaseError('dump_truncated', 'the dump tool ended without its end line');
    restorable(() => check?.end());
    refuseHalfRead(check?.result().halfRead ?? []);
    input.onProgress(text.bytes, check?.seen());
    // Only now the last part: without it there is no object.
    yield* cutter.end();
    const program = { name: programs.dump, version: text.programVersion };
    onEnd({
      ...cutter.summary(),
      dumpBytes: text.bytes,
      program,
      ...(check ? { found: check.result() } : {}),
    });
  } finally {
    // Whoever stops early, by an error or by not taking more parts, leaves no program behind.
    child.kill(new Error('the dump is not wanted any more'));
    await child.ended.catch(() => {});
  }
}

async function* watchedText(child: ClientProcess, text: DumpText, check: DumpCheck | undefined) {
  for await (const batch of child.output) {
    const kept = text.take(batch);
    restorable(() => check?.take(kept));
    yield kept;
  }
}

function refuseHalfRead(objects: readonly string[]): void {
  if (objects.length === 0) return;
  const names = objects.slice(0, 5).join(', ');
  throw new SafeBaseError('dump_incomplete', `the dump tool could not read all of ${names}, and went on`);
}

/** A dump that every restore would refuse is no backup. */
function restorable(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof SafeBaseError)) throw error;
    throw new SafeBaseError('proof_failed', `no restore would take this dump: ${error.message}`, {
      cause: error,
    });
  }
}
