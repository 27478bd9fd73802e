import { withOpen } from '../engine/deadline.ts';
import { proveTable } from '../engine/parallel/table-proof.ts';
import { setUpReading } from '../engine/rows/session-settings.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import type { ParallelSchema } from './manifest.ts';
import type { RowSession } from './ports.ts';
import type { RestoredTable } from './run.ts';

interface CompareInput {
  readonly openRows: () => Promise<RowSession>;
  readonly product: 'mariadb' | 'mysql';
  readonly schema: ParallelSchema;
  readonly targetSchema: string;
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
  signal,
  onProgress,
}: CompareInput): Promise<readonly RestoredTable[]> =>
  withOpen(signal, openRows, async ({ query, converse }) => {
    await setUpReading(query);
    const compared: RestoredTable[] = [];
    let bytesBefore = 0;
    let rowsBefore = 0;
    for (const [place, stored] of schema.tables.entries()) {
      const found = await proveTable({
        converse,
        product,
        table: { ...stored, schema: targetSchema },
        signal,
        onProgress: (rows, bytes) =>
          onProgress(bytesBefore + bytes, { tables: place + 1, rows: rowsBefore + rows }),
      });
      const isSame = found.rows === stored.rows && found.fingerprint === stored.fingerprint;
      compared.push({ name: stored.name, rows: found.rows, content: isSame ? 'same' : 'differs' });
      bytesBefore += found.bytes;
      rowsBefore += found.rows;
    }
    onProgress(bytesBefore, { tables: schema.tables.length + 1, rows: rowsBefore });
    return compared;
  });
