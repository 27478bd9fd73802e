import { isSameLife, type ServerLife } from '../engine/catalogue/server-life.ts';
import { readTransactions } from '../engine/catalogue/transactional.ts';
import { type Query, quoteName } from '../engine/connection.ts';
import { doOnce, forget, type Ledger, makeLedger, note, readLedger } from '../engine/parallel/load-ledger.ts';
import { SafeBaseError } from '../errors.ts';

/** Notes in the target of what is done, for whoever goes on; each schema has its own. */
export interface RestoreLedger {
  readonly restoreId: string;
  /** Of the target: rows that no transaction guards may be gone once it was started anew. */
  readonly life: ServerLife;
  /** To be called for each step that is done. */
  readonly onDone: () => Promise<void>;
}

/** Tables and sequences are made. */
export const DEFINITIONS_STEP = 'definitions';

/** What of the load of a schema an earlier worker has done, and notes of what this one does. */
export interface LoadSteps {
  readonly isDone: (step: string) => boolean;
  /** Notes what no transaction can take back, once it is done. */
  readonly note: (step: string) => Promise<void>;
  /** Begins with a table. @param place of it in the manifest @param chunks how many it has */
  readonly beginTable: (place: number, chunks: number, name: string) => Promise<LoadChunk>;
}

/** Loads a chunk exactly once: not where an earlier worker has. */
type LoadChunk = (chunk: number, work: () => Promise<void>) => Promise<void>;

/** Where nobody goes on after this worker: everything is to do, and nothing is noted. */
const NO_STEPS: LoadSteps = {
  isDone: () => false,
  note: async () => {},
  beginTable: async () => (_chunk, work) => work(),
};

/**
 * Opens the ledger of a schema, which is made where it is not there.
 * @param query of the session that loads or compares
 * @param of the restore, or nothing where nobody goes on after this worker
 */
export async function openSteps(
  query: Query,
  schema: string,
  of: RestoreLedger | undefined,
): Promise<LoadSteps> {
  if (of === undefined) return NO_STEPS;
  const { restoreId, life, onDone } = of;
  const ledger = { schema, restoreId };
  await makeLedger(query, ledger);
  const done = new Set(await readLedger(query, ledger));
  await noteLife(query, ledger, life, done);
  const isResumed = done.has(DEFINITIONS_STEP);
  // Only once the tables are made.
  let transactions: Promise<ReadonlyMap<string, boolean>> | undefined;
  return {
    isDone: (step) => done.has(step),
    note: async (step) => {
      await note(query, ledger, step);
      await onDone();
    },
    beginTable: async (place, chunks, name) => {
      const stepOf = (chunk: number): string => `rows/${place}/${chunk}`;
      transactions ??= readTransactions(query, schema);
      const isTransactional = isIn(await transactions, name);
      const steps = Array.from({ length: chunks }, (_, chunk) => stepOf(chunk));
      if (isResumed && !isTransactional && steps.some((step) => !done.has(step))) {
        // No rollback took back what a worker had stored there before it died: the notes go first, then the rows.
        await forget(query, ledger, `rows/${place}/`);
        for (const step of steps) done.delete(step);
        await empty(query, schema, name);
      }
      return async (chunk, work) => {
        const step = stepOf(chunk);
        if (done.has(step)) return;
        if (isTransactional) await doOnce(query, ledger, step, work);
        else {
          // Not within a transaction, which MySQL with GTIDs refuses for such tables (1785).
          await work();
          await note(query, ledger, step);
        }
        await onDone();
      };
    },
  };
}

/**
 * Notes which life of the server this is. What was compared in another one is not known any more; where there are tables whose
 * rows may be gone by that, all is to do again.
 */
async function noteLife(query: Query, ledger: Ledger, life: ServerLife, done: Set<string>): Promise<void> {
  const noted = [...done].find((step) => step.startsWith('life/'));
  const [, startedFrom = 0, startedUntil = 0] = noted?.split('/').map(Number) ?? [];
  if (noted !== undefined && isSameLife(life, { startedFrom, startedUntil })) return;
  if (noted !== undefined) {
    const transactions = await readTransactions(query, ledger.schema);
    const isSafe = [...transactions.values()].every(Boolean);
    const lost = isSafe ? ['same/', 'lossy/', 'life/'] : [''];
    await forget(query, ledger, ...lost);
    for (const step of done) if (lost.some((prefix) => step.startsWith(prefix))) done.delete(step);
  }
  await note(query, ledger, `life/${life.startedFrom}/${life.startedUntil}`);
}

/** A server may keep names in lower case. */
const isIn = (transactions: ReadonlyMap<string, boolean>, name: string): boolean =>
  transactions.get(name) ?? transactions.get(name.toLowerCase()) ?? false;

/** @throws `load_failed` where the engine takes nothing back, as ARCHIVE does not */
async function empty(query: Query, schema: string, name: string): Promise<void> {
  const table = `${quoteName(schema)}.${quoteName(name)}`;
  const [row] = await query(`SELECT 1 AS is_there FROM ${table} LIMIT 1`);
  if (row === undefined) return;
  await query(`TRUNCATE TABLE ${table}`).catch((cause: unknown) => {
    throw new SafeBaseError(
      'load_failed',
      `a worker died while it filled table ${name}, and its engine takes no rows back`,
      { cause, hint: 'Restore again, over what is there: all of it is then made anew.' },
    );
  });
}
