import { withOpen } from '../engine/deadline.ts';
import { proveTable } from '../engine/parallel/table-proof.ts';
import { setUpReading } from '../engine/rows/session-settings.ts';
import type { RowsProof } from '../engine/rows/tsv-text.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import { openSteps, type RestoreLedger } from './load-steps.ts';
import type { ParallelSchema, StoredTable } from './manifest.ts';
import type { RowSession } from './ports.ts';
import type { RestoredTable } from './run.ts';

interface CompareInput {
  readonly openRows: () => Promise<RowSession>;
  readonly product: 'mariadb' | 'mysql';
  readonly schema: ParallelSchema;
  readonly targetSchema: string;
  /** Names of tables of which some values are known to come back as others. */
  readonly lossy: ReadonlySet<string>;
  /** Where another worker may go on with comparing. */
  readonly ledger?: RestoreLedger | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Reads every table of the target as the dump had read it at the source, and holds rows and fingerprint against the
 * manifest. @throws as `proveTable`, the reason of the signal
 */
export const compareContent = ({
  openRows,
  product,
  schema,
  targetSchema,
  lossy,
  ledger,
  signal,
  onProgress,
}: CompareInput): Promise<readonly RestoredTable[]> =>
  withOpen(signal, openRows, async ({ query, converse }) => {
    await setUpReading(query);
    const steps = await openSteps(query, targetSchema, ledger);
    const compared: RestoredTable[] = [];
    let bytesBefore = 0;
    let rowsBefore = 0;
    for (const [place, stored] of schema.tables.entries()) {
      const former = KNOWN.find((content) => steps.isDone(`${content}/${place}`));
      if (former !== undefined) {
        compared.push({ name: stored.name, rows: stored.rows, content: former });
        bytesBefore += stored.bytes;
        rowsBefore += stored.rows;
        continue;
      }
      const found = await proveTable({
        converse,
        product,
        table: { ...stored, schema: targetSchema },
        signal,
        onProgress: (rows, bytes) =>
          onProgress(bytesBefore + bytes, { tables: place + 1, rows: rowsBefore + rows }),
      });
      const content = contentOf(stored, found, lossy);
      compared.push({ name: stored.name, rows: found.rows, content });
      if (content !== 'differs') await steps.note(`${content}/${place}`);
      bytesBefore += found.bytes;
      rowsBefore += found.rows;
    }
    onProgress(bytesBefore, { tables: schema.tables.length + 1, rows: rowsBefore });
    return compared;
  });

/** What an earlier worker may have found out; both say that all rows are there. */
const KNOWN = ['same', 'lossy'] as const;

function contentOf(
  stored: StoredTable,
  found: RowsProof,
  lossy: ReadonlySet<string>,
): RestoredTable['content'] {
  if (found.rows !== stored.rows) return 'differs';
  if (found.fingerprint === stored.fingerprint) return 'same';
  return lossy.has(stored.name) ? 'lossy' : 'differs';
}
