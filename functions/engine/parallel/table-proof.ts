import type { Converse } from '../rows/conversation.ts';
import { readRows } from '../rows/read-rows.ts';
import { type RowTable, rowStatements } from '../rows/table-rows.ts';
import type { RowsProof } from '../rows/tsv-text.ts';

interface ProofInput {
  /** Of a session that `setUpReading` has set up. */
  readonly converse: Converse;
  readonly product: 'mariadb' | 'mysql';
  readonly table: RowTable;
  readonly signal: AbortSignal;
  /** Called with rows and bytes of text so far. */
  readonly onProgress: (rows: number, bytes: number) => void;
}

/** Reads a table as a dump does and keeps nothing but what its rows amount to. @throws as `readRows` */
export async function proveTable(input: ProofInput): Promise<RowsProof> {
  const { select, columns } = rowStatements(input.product, input.table);
  const rows = readRows(input.converse(select, input.signal), columns);
  for await (const _ of rows.texts) {
    const { rows: count, bytes } = rows.proof();
    input.onProgress(count, bytes);
  }
  rows.free();
  return rows.proof();
}
