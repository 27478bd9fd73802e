import { withOpen } from '../engine/deadline.ts';
import { dropTriggers } from '../engine/parallel/drop-triggers.ts';
import { insertTable } from '../engine/parallel/insert-table.ts';
import { loadDefinitions, setUpDefining } from '../engine/parallel/load-definitions.ts';
import { loadTable } from '../engine/parallel/load-table.ts';
import { setUpLoading } from '../engine/rows/session-settings.ts';
import type { LoadedSchema, OnProgress, OpenSession } from '../engine/sql/format-sql.ts';
import { holdLoadLock } from '../engine/sql/load-lock.ts';
import type { Definers } from '../engine/sql/rewrite-definer.ts';
import { StatementRouter } from '../engine/sql/route-statements.ts';
import { runHeldStatements } from '../engine/sql/run-held-statements.ts';
import type { ChooseStatement } from '../engine/sql/statements/read-statements.ts';
import { SafeBaseError } from '../errors.ts';
import { type OpenFile, proofOf } from './check-stored.ts';
import { DEFINITIONS_STEP, type LoadSteps, openSteps, type RestoreLedger } from './load-steps.ts';
import type { ParallelSchema, StoredObject, StoredTable } from './manifest.ts';
import type { LoadSession } from './ports.ts';

interface LoadInput {
  readonly open: OpenFile;
  readonly schema: ParallelSchema;
  readonly targetSchema: string;
  readonly product: 'mariadb' | 'mysql';
  /** A connection that fills the target. */
  readonly openLoad: () => Promise<LoadSession>;
  /** Of the target: see `RestorePlan`. */
  readonly takesLocalRows: boolean;
  readonly maxAllowedPacketBytes: number;
  readonly openSession: OpenSession;
  readonly definers?: Definers | undefined;
  /** What becomes of its statements where not all of the schema is restored @default themselves */
  readonly choose?: ChooseStatement | undefined;
  /** Where another worker may go on with the load. */
  readonly ledger?: RestoreLedger | undefined;
  /** To be asked once the target is ours. @see HeldRun.throwIfLost */
  readonly throwIfLost: () => void;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Loads one schema into a schema that exists: tables, then rows table by table, then programs, no event running. The
 * first error stops. Views, and events that are to run, wait for the caller.
 * @throws as `loadDefinitions`, `loadTable`, `insertTable` and `runHeldStatements`
 */
export async function loadParallel(input: LoadInput): Promise<LoadedSchema> {
  const { schema, targetSchema, openSession, signal, onProgress } = input;
  const router = new StatementRouter(input.definers);
  let bytesBefore = 0;
  const databaseCollation = await withOpen(signal, input.openLoad, async (session) => {
    await holdLoadLock(session.query, targetSchema);
    input.throwIfLost();
    await setUpDefining(session.query);
    const steps = await openSteps(session.query, targetSchema, input.ledger);
    const run = async (text: StoredObject, isDone = false) => {
      const switched = await loadDefinitions({
        schema: schema.name,
        targetSchema,
        dump: input.open(text),
        dumpBytes: text.dumpBytes,
        run: isDone ? async () => {} : (statement) => session.run(statement),
        router,
        choose: input.choose,
        signal,
        onProgress: (bytes) => onProgress(bytesBefore + bytes),
      });
      bytesBefore += text.dumpBytes;
      return switched;
    };
    const isDefined = steps.isDone(DEFINITIONS_STEP);
    await run(schema.definitions, isDefined);
    if (!isDefined) await steps.note(DEFINITIONS_STEP);
    await setUpLoading(session.query);
    bytesBefore += await loadRows(input, session, steps, bytesBefore);
    // Histograms are made here, of the rows; programs and views are kept.
    await setUpDefining(session.query);
    if (isDefined) await dropTriggers(session.query, targetSchema);
    return run(schema.objects);
  });
  const { programs, ...others } = router.routed;
  await runHeldStatements({
    openSession,
    targetSchema,
    statements: programs,
    signal,
    finally: databaseCollation,
  });
  return { ...others, statements: router.statements, bytes: bytesBefore, databaseCollation };
}

/** @returns bytes of text */
async function loadRows(
  input: LoadInput,
  session: LoadSession,
  steps: LoadSteps,
  bytesBefore: number,
): Promise<number> {
  const { open, schema, targetSchema, product, signal, onProgress } = input;
  const { takesLocalRows, maxAllowedPacketBytes } = input;
  let bytes = 0;
  let rows = 0;
  for (const [place, stored] of schema.tables.entries()) {
    const table = { ...stored, schema: targetSchema };
    const loadChunk = await steps.beginTable(place, table.chunks.length, table.name);
    for (const [number, chunk] of table.chunks.entries()) {
      const rowsOf = {
        product,
        table,
        stored: open(chunk),
        proof: proofOf(chunk),
        signal,
        onProgress: (done: number) => onProgress(bytesBefore + bytes + done, { tables: place + 1, rows }),
      };
      const load = () =>
        takesLocalRows
          ? loadTable({ ...rowsOf, converse: session.converse })
          : insertTable({ ...rowsOf, session, maxAllowedPacketBytes });
      await loadChunk(number, load).catch((error: unknown) => {
        throw failedTable(table, error);
      });
      bytes += chunk.textBytes;
      rows += chunk.rows;
    }
  }
  onProgress(bytesBefore + bytes, { tables: schema.tables.length + 1, rows });
  return bytes;
}

function failedTable({ name }: StoredTable, error: unknown): unknown {
  if (!(error instanceof SafeBaseError)) return error;
  const { code, hint, details } = error;
  const told = code === 'query_failed' ? 'load_failed' : code;
  return new SafeBaseError(told, `table ${name}: ${error.message}`, { cause: error, hint, details });
}
