import { SafeBaseError } from '../../errors.ts';
import type { Conversation } from './conversation.ts';
import { PacketReader } from './packet-reader.ts';
import { FILE_NAME } from './table-rows.ts';
import { brokenAnswer, serverError } from './wire-errors.ts';

const OK = 0;
const FILE_WANTED = 0xfb;
const ERROR = 0xff;
/** Well under the 16 MiB of a packet. */
const MAX_PACKET_BYTES = 1024 * 1024;

/** What the server counted. */
interface LoadCounts {
  readonly records: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly warnings: number;
}

/**
 * Answers a LOAD DATA LOCAL with these texts, and nothing else: the server may name any file. LOCAL makes the server
 * pass over duplicates and change bad values with a warning, so only its counts tell whether every row arrived as it is.
 * @param expected how many rows the texts hold, and whether warnings say nothing (see `RowStatements`)
 * @throws `load_failed` where a row was left out or changed, what the server says, what `texts` throws
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_local_infile_request.html
 */
export async function loadRows(
  conversation: Conversation,
  texts: AsyncIterable<Buffer>,
  expected: { readonly rows: number; readonly mayWarn: boolean },
): Promise<void> {
  const packets = new PacketReader();
  let counts: LoadCounts;
  let isOver = false;
  try {
    const request = await payload(conversation, packets);
    isOver = request[0] === ERROR;
    if (isOver) throw serverError(request, 'loading rows');
    if (request[0] !== FILE_WANTED || request.toString('latin1', 1) !== FILE_NAME)
      throw brokenAnswer('does not ask for the rows');
    await sendTexts(conversation, packets, texts);
    const answer = await payload(conversation, packets);
    isOver = true;
    if (answer[0] === ERROR) throw serverError(answer, 'loading rows');
    counts = countsOf(answer);
  } finally {
    if (isOver && packets.isEmpty()) await conversation.release();
    else conversation.abandon();
  }
  check(counts, expected);
}

async function payload(conversation: Conversation, packets: PacketReader): Promise<Buffer> {
  while (!packets.next()) packets.feed(await conversation.read());
  return packets.bytes.subarray(packets.start, packets.end);
}

/** An empty packet ends the file; where the texts fail it is never sent, and the server keeps nothing. */
async function sendTexts(
  conversation: Conversation,
  packets: PacketReader,
  texts: AsyncIterable<Buffer>,
): Promise<void> {
  const headerFor = (bytes: number): Buffer => {
    const header = Buffer.alloc(4);
    header.writeUIntLE(bytes, 0, 3);
    header[3] = packets.sequence;
    packets.sequence = (packets.sequence + 1) & 0xff;
    return header;
  };
  for await (const text of texts) {
    for (let from = 0; from < text.length; from += MAX_PACKET_BYTES) {
      const piece = text.subarray(from, from + MAX_PACKET_BYTES);
      await conversation.send([headerFor(piece.length), piece]);
    }
  }
  await conversation.send([headerFor(0)]);
}

function countsOf(answer: Buffer): LoadCounts {
  const told = /Records: (\d+) +Deleted: (\d+) +Skipped: (\d+) +Warnings: (\d+)/.exec(
    answer.toString('latin1'),
  );
  if (answer[0] !== OK || told === null) throw brokenAnswer('does not tell what was loaded');
  const [records = 0, deleted = 0, skipped = 0, warnings = 0] = told.slice(1).map(Number);
  return { records, deleted, skipped, warnings };
}

function check(counts: LoadCounts, { rows, mayWarn }: { rows: number; mayWarn: boolean }): void {
  const { records, deleted, skipped, warnings } = counts;
  if (records === rows && deleted === 0 && skipped === 0 && (warnings === 0 || mayWarn)) return;
  throw new SafeBaseError(
    'load_failed',
    `of ${rows} rows the server took ${records}, with ${skipped} skipped, ${deleted} deleted and ${warnings} warnings`,
    { details: { ...counts } },
  );
}
