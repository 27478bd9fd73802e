import { damagedDump } from '../damaged-dump.ts';
import { throwIfOver } from '../deadline.ts';
import { freeBuffer } from '../free-buffer.ts';
import type { Converse } from '../rows/conversation.ts';
import { loadRows } from '../rows/load-rows.ts';
import { type RowTable, rowStatements } from '../rows/table-rows.ts';
import type { RowsProof } from '../rows/tsv-text.ts';
import { decompressFrames } from '../zstd-frames.ts';
import { LinesProof } from './lines-proof.ts';
import type { LongRows } from './long-rows.ts';

export interface StoredRowsInput {
  /** The object, as `readVerifiedParts` gives it. */
  readonly stored: AsyncIterable<Buffer>;
  /** What the manifest tells of it. */
  readonly proof: RowsProof;
  readonly signal: AbortSignal;
  /** Called with the bytes of text so far. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Reads stored rows to their end and touches no server.
 * @returns `packetBytes` of `LinesProof`
 * @throws `backup_damaged` where they are not what the manifest tells; what `stored` throws; the reason of the signal
 */
export async function checkTable(input: StoredRowsInput, long?: LongRows): Promise<number> {
  const lines = new LinesProof(long);
  for await (const text of provedTexts(input, lines)) freeBuffer(text);
  return lines.packetBytes;
}

interface TableLoadInput extends StoredRowsInput {
  /** Of a session that `setUpLoading` has set up. */
  readonly converse: Converse;
  readonly product: 'mariadb' | 'mysql';
  readonly table: RowTable;
}

/**
 * Loads stored rows into a table that stands. The last text goes to the server only after all were proved.
 * @throws as `checkTable` and `loadRows`
 */
export async function loadTable(input: TableLoadInput): Promise<void> {
  const { load, mayWarn } = rowStatements(input.product, input.table);
  const expected = { rows: input.proof.rows, mayWarn };
  await loadRows(input.converse(load, input.signal), provedTexts(input), expected);
}

/** One text behind, so that nobody has seen the last one before the proof. */
export async function* provedTexts(
  { stored, proof, signal, onProgress }: StoredRowsInput,
  lines = new LinesProof(),
) {
  let bytes = 0;
  let held: Buffer | undefined;
  for await (const text of decompressFrames(stored)) {
    throwIfOver(signal);
    bytes += text.length;
    if (bytes > proof.bytes) throw damagedDump('there is more text than the manifest says');
    lines.take(text);
    onProgress(bytes);
    if (held !== undefined) yield held;
    held = text;
  }
  const found = lines.end();
  if (found.rows !== proof.rows || found.bytes !== proof.bytes || found.fingerprint !== proof.fingerprint) {
    throw damagedDump('the rows are not those that were read');
  }
  if (held !== undefined) yield held;
}
