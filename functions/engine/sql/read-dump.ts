import { SafeBaseError } from '../../errors.ts';
import { type ClientProcess, startClient } from '../process/client-process.ts';
import { DumpCheck } from './check-dump.ts';
import { CLIENT_PROGRAMS } from './client-programs.ts';
import { DumpText } from './dump-text.ts';
import type { CheckedDump, DumpInput, DumpSummary, SeenSoFar } from './format-sql.ts';

/** What a dump tool prints, looked at while it passes. */
export interface DumpReading {
  /**
   * Its text in batches, whose bytes stay the same until the next but one is asked for. Ends only after the tool has
   * ended well, its end line was seen, its stderr is explained and every statement is one that a restore takes; else
   * this throws. Whoever stops early ends the tool.
   */
  readonly texts: AsyncGenerator<Buffer, void, undefined>;
  /** Bytes of text so far, and what was seen in them: absent where nobody can read it. */
  readonly progress: () => readonly [bytes: number, seen: SeenSoFar | undefined];
  readonly program: () => DumpSummary['program'];
  /** What the statements make, once `texts` has ended; absent as in `progress`. */
  readonly found: () => CheckedDump | undefined;
}

type ReadInput = Pick<
  DumpInput,
  | 'clientRoot'
  | 'endpoint'
  | 'product'
  | 'schema'
  | 'ignoredViews'
  | 'history'
  | 'events'
  | 'columnStatistics'
  | 'isReadable'
  | 'signal'
> & {
  /** False for definitions alone. */
  readonly rows: boolean;
  /** Statements that follow those of the tool, as if it had printed them @default none */
  readonly more?: Buffer;
};

/**
 * Dumps one schema as one consistent instant; the tool waits while nobody takes its text.
 * @throws (from `texts`) `dump_failed`, `dump_killed`, `dump_truncated`, `dump_incomplete`, `proof_failed`, the codes of
 * reaching the database, the reason of the signal
 */
export function readDump(input: ReadInput): DumpReading {
  const text = new DumpText();
  const check = input.isReadable ? new DumpCheck(input.schema) : undefined;
  return {
    texts: readTexts(input, text, check),
    progress: () => [text.bytes, check?.seen()],
    program: () => ({ name: CLIENT_PROGRAMS[input.product].dump, version: text.programVersion }),
    found: () => check?.result(),
  };
}

async function* readTexts(input: ReadInput, text: DumpText, check: DumpCheck | undefined) {
  const programs = CLIENT_PROGRAMS[input.product];
  const child: ClientProcess = await startClient({
    ...input,
    programs,
    task: 'dump',
    flags: programs.dumpFlags(input),
  });
  try {
    for await (const batch of child.output) {
      const kept = text.take(batch);
      restorable(() => check?.take(kept));
      yield kept;
    }
    await child.ended;
    if (!text.hasEnd) throw new SafeBaseError('dump_truncated', 'the dump tool ended without its end line');
    if (input.more) {
      const { more } = input;
      restorable(() => check?.take(more));
      yield more;
    }
    restorable(() => check?.end());
    refuseHalfRead(check?.result().halfRead ?? []);
  } finally {
    // Whoever stops early, by an error or by not taking more, leaves no program behind.
    child.kill(new Error('the dump is not wanted any more'));
    await child.ended.catch(() => {});
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
