/** Makes the bytes of answers, as a server would send them, and conversations that give them in pieces. */
import type { Conversation } from '../../../../functions/engine/rows/conversation.ts';

const MAX_PACKET_BYTES = 0xff_ffff;

/** Puts payloads into packets that count from `sequence`. */
export function packetsOf(payloads: readonly Buffer[], sequence = 1): Buffer {
  const parts: Buffer[] = [];
  let number = sequence;
  for (const payload of payloads) {
    for (let from = 0; from <= payload.length; from += MAX_PACKET_BYTES) {
      const body = payload.subarray(from, from + MAX_PACKET_BYTES);
      const header = Buffer.alloc(4);
      header.writeUIntLE(body.length, 0, 3);
      header[3] = number & 0xff;
      number += 1;
      parts.push(header, body);
    }
  }
  return Buffer.concat(parts);
}

/** A value with its length before it. */
function lengthEncoded(value: Buffer | null): Buffer {
  if (value === null) return Buffer.from([0xfb]);
  const length = Buffer.alloc(9);
  if (value.length < 0xfb) return Buffer.concat([Buffer.from([value.length]), value]);
  length.writeUIntLE(value.length, 1, 6);
  const bytes = value.length <= 0xffff ? 2 : value.length <= 0xff_ffff ? 3 : 8;
  length[0] = bytes === 2 ? 0xfc : bytes === 3 ? 0xfd : 0xfe;
  return Buffer.concat([length.subarray(0, bytes + 1), value]);
}

export const rowPayload = (values: readonly (Buffer | null)[]): Buffer =>
  Buffer.concat(values.map(lengthEncoded));

export const EOF = Buffer.from([0xfe, 0, 0, 2, 0]);
const OK_END = Buffer.from([0xfe, 0, 0, 2, 0, 0, 0]);
const DEFINITION = Buffer.from('a definition that nobody reads');

/** Everything before the rows. */
export const columnsPayloads = (columns: number, endsWithOk = false): Buffer[] => [
  columns < 0xfb ? Buffer.from([columns]) : Buffer.from([0xfc, columns & 0xff, columns >> 8]),
  ...Array.from({ length: columns }, () => DEFINITION),
  ...(endsWithOk ? [] : [EOF]),
];

/** A whole answer with rows. */
export const resultSet = (columns: number, rows: readonly Buffer[], endsWithOk = false): Buffer =>
  packetsOf([...columnsPayloads(columns, endsWithOk), ...rows, endsWithOk ? OK_END : EOF]);

export const errorPayload = (number: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(`#42000${text}`)]);

/** A conversation whose server sends what was made before; `state` tells how it ended. */
export function scripted(chunks: readonly Buffer[], endsWithOk = false) {
  const left = [...chunks];
  const state = { ended: 'no' as 'no' | 'released' | 'abandoned', sent: [] as Buffer[] };
  const conversation: Conversation = {
    endsWithOk,
    read: async () => {
      const chunk = left.shift();
      if (chunk === undefined) throw new Error('the server has nothing more to say');
      return chunk;
    },
    send: async (bytes) => {
      state.sent.push(Buffer.concat(bytes));
    },
    release: async () => {
      state.ended = 'released';
    },
    abandon: () => {
      state.ended = 'abandoned';
    },
  };
  return { conversation, state };
}

/** Cuts bytes at these places, which may come in any order and more than once. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [...sorted, bytes.length].map((place, index) => bytes.subarray(sorted[index - 1] ?? 0, place));
}

/** All texts together; copied, as buffers are used again. */
export async function allOf(texts: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const text of texts) copies.push(Buffer.from(text));
  return Buffer.concat(copies);
}
