import { SafeBaseError } from '../../errors.ts';
import type { CheckedDump, DumpInput, DumpSummary } from '../sql/format-sql.ts';
import { readDump } from '../sql/read-dump.ts';
import { type DumpItem, StatementReader } from '../sql/statements/read-statements.ts';
import { DefinitionSplitter, type Definitions } from './split-definitions.ts';
import type { TableMends } from './table-mends.ts';

/** Definitions are kept in memory until the rows are through: 50,000 tables of a kilobyte fit. */
const MAX_BYTES = 64 * 1024 * 1024;
/** As the dump tools write it: whoever reads a text knows by it that this is all. */
const END_LINE = Buffer.from('-- Dump completed\n');

export interface DumpedDefinitions extends Definitions {
  readonly program: DumpSummary['program'];
  /** What the statements make; of each table 0 rows. */
  readonly found: CheckedDump;
  /** Tables that are printed otherwise than they are, in a way that was not expected. */
  readonly unmended: readonly string[];
}

/**
 * Dumps what a schema is made of, without rows: each text ends with the line that says so.
 * @throws as `readDump`; `too_large_for_one_worker`
 */
export async function dumpDefinitions(
  input: Omit<DumpInput, 'events' | 'isReadable' | 'zstdLevel' | 'partBytes' | 'onProgress'> & {
    /** As `readTableMends` finds them. */
    readonly mends: ReadonlyMap<string, TableMends>;
    /** As `readEvents` gives them. */
    readonly events: Buffer;
  },
): Promise<DumpedDefinitions> {
  const dump = readDump({ ...input, events: false, more: input.events, isReadable: true, rows: false });
  const reader = new StatementReader(input.schema);
  const splitter = new DefinitionSplitter(input.mends);
  const sides = { before: [] as Buffer[], after: [] as Buffer[] };
  const put = (items: Iterable<DumpItem>): void => {
    for (const item of items) {
      const { before, after } = splitter.take(item);
      sides.before.push(before);
      sides.after.push(after);
    }
  };
  for await (const text of dump.texts) {
    const [bytes] = dump.progress();
    if (bytes > MAX_BYTES) {
      throw new SafeBaseError(
        'too_large_for_one_worker',
        `the definitions of ${input.schema} exceed ${MAX_BYTES} bytes`,
      );
    }
    put(reader.push(text));
  }
  put(reader.end());
  const found = dump.found();
  if (found === undefined) throw new Error('definitions were not looked at');
  return {
    before: Buffer.concat([...sides.before, END_LINE]),
    after: Buffer.concat([...sides.after, END_LINE]),
    program: dump.program(),
    found,
    unmended: splitter.unmended(),
  };
}
