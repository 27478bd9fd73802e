import fc from 'fast-check';
import { sumOfFingerprints } from '../../../../functions/engine/rows/fingerprint.ts';
import { murmur3 } from '../../../../functions/engine/rows/murmur3.ts';
import { readRows } from '../../../../functions/engine/rows/read-rows.ts';
import { FRAME_BYTES } from '../../../../functions/engine/zstd-frames.ts';
import {
  allOf,
  columnsPayloads,
  cutAt,
  EOF,
  errorPayload,
  packetsOf,
  resultSet,
  rowPayload,
  scripted,
} from './wire-fixture.ts';

type Row = readonly (Buffer | null)[];

/** As the manual of LOAD DATA tells it, one byte after the other. */
const lineOf = (row: Row): Buffer =>
  Buffer.concat([
    ...row.flatMap((value, index) => [
      ...(index === 0 ? [] : [Buffer.from('\t')]),
      value === null
        ? Buffer.from('\\N')
        : Buffer.from(
            value
              .toString('latin1')
              .replaceAll('\\', '\\\\')
              .replaceAll('\t', '\\t')
              .replaceAll('\n', '\\n')
              .replaceAll('\0', '\\0'),
            'latin1',
          ),
    ]),
    Buffer.from('\n'),
  ]);

const read = async (columns: number, chunks: readonly Buffer[], endsWithOk = false) => {
  const { conversation, state } = scripted(chunks, endsWithOk);
  const rows = readRows(conversation, columns);
  const text = await allOf(rows.texts);
  return { text, proof: rows.proof(), state };
};

const hashOf = (line: Buffer): string => {
  const words = new Uint32Array(4);
  murmur3(new DataView(line.buffer, line.byteOffset, line.length), 0, line.length, words);
  return Array.from(words, (word) => word.toString(16).padStart(8, '0'))
    .reverse()
    .join('');
};

/** Bytes that need an escape are frequent here. */
const value = fc.option(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(fc.constantFrom(0, 9, 10, 13, 92, 11, 8, 0x7f, 0x80, 0xfb, 0xff, 65), { maxLength: 300 })
      .map(Buffer.from),
  ),
);
const table = fc.integer({ min: 1, max: 6 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { maxLength: 30 }),
  }),
);

describe('reading rows', () => {
  it('gives the same lines however the bytes are cut, with both ways to end an answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.boolean(),
        async ({ columns, rows }, places, endsWithOk) => {
          const answer = resultSet(columns, rows.map(rowPayload), endsWithOk);
          const { text, proof, state } = await read(columns, cutAt(answer, places), endsWithOk);
          const lines = rows.map(lineOf);
          expect(text.equals(Buffer.concat(lines))).toBe(true);
          expect(proof).toEqual({
            rows: rows.length,
            bytes: text.length,
            fingerprint: sumOfFingerprints(lines.map((line) => hashOf(line.subarray(0, -1)))),
          });
          expect(state.ended).toBe('released');
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('gives the same lines when every byte comes alone', async () => {
    const rows = [
      [Buffer.from('a\tb'), null],
      [Buffer.alloc(0), Buffer.alloc(300, 'x')],
    ];
    const answer = resultSet(2, rows.map(rowPayload));
    const { text } = await read(
      2,
      Array.from(answer, (byte) => Buffer.from([byte])),
    );
    expect(text.toString()).toBe(`a\\tb\t\\N\n\t${'x'.repeat(300)}\n`);
  });

  it.each([0xff_ffff - 4, 0xff_ffff - 5, 0xff_ffff, 0x1ff_fffe - 9, 0x1ff_ffff])(
    'joins a row of several packets, of %i bytes',
    async (bytes) => {
      const large = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxy\\');
      const rows = [[Buffer.from('1')], [large], [Buffer.from('2')]];
      const chunks = cutAt(
        resultSet(1, rows.map(rowPayload)),
        Array.from({ length: 300 }, (_, at) => at * 65_536),
      );
      const { text, proof } = await read(1, chunks);
      expect(text.equals(Buffer.concat(rows.map(lineOf)))).toBe(true);
      expect(proof.rows).toBe(3);
    },
  );

  it('gives texts of one frame at most, which stay until the next but one is taken', async () => {
    const rows = Array.from({ length: 3_000 }, (_, at) => [Buffer.from(`${at}:${'x'.repeat(1_500)}`)]);
    const { conversation } = scripted([resultSet(1, rows.map(rowPayload))]);
    const kept: Buffer[] = [];
    const copies: Buffer[] = [];
    for await (const text of readRows(conversation, 1).texts) {
      expect(text.length).toBeLessThanOrEqual(FRAME_BYTES);
      kept.push(text);
      copies.push(Buffer.from(text));
      const before = copies.length - 2;
      if (before >= 0) expect(kept[before]?.equals(copies[before] ?? Buffer.alloc(0))).toBe(true);
    }
    expect(copies.length).toBeGreaterThan(3);
    expect(Buffer.concat(copies).equals(Buffer.concat(rows.map(lineOf)))).toBe(true);
  });

  it('does not mind the order of rows, but minds how often they come', async () => {
    const [a, b] = [[Buffer.from('a')], [Buffer.from('b')]].map(rowPayload);
    if (!a || !b) throw new Error('no rows');
    const fingerprint = async (...rows: Buffer[]) => (await read(1, [resultSet(1, rows)])).proof.fingerprint;
    expect(await fingerprint(a, b, a)).toBe(await fingerprint(a, a, b));
    expect(await fingerprint(a, b, a)).not.toBe(await fingerprint(b));
    expect(await fingerprint(a, b)).not.toBe(await fingerprint(a, b, b));
  });

  it('tells what the server says in the middle of rows, without its text, and keeps the connection', async () => {
    const answer = packetsOf([
      ...columnsPayloads(1),
      rowPayload([Buffer.from('a')]),
      errorPayload(1028, 'Sort aborted: secret'),
    ]);
    const { conversation, state } = scripted([answer]);
    const error = await allOf(readRows(conversation, 1).texts).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'query_failed',
      message: 'reading rows failed on the server (error 1028)',
      details: { errno: 1028 },
    });
    expect(String((error as Error).cause)).toContain('Sort aborted');
    expect(state.ended).toBe('released');
  });

  it('knows an error that has a meaning of its own', async () => {
    const { conversation } = scripted([packetsOf([errorPayload(1142, 'denied')])]);
    await expect(allOf(readRows(conversation, 1).texts)).rejects.toMatchObject({
      code: 'insufficient_privileges',
    });
  });

  it.each<[string, Buffer]>([
    ['has not the columns that were asked for', packetsOf(columnsPayloads(3))],
    ['has packets out of order', packetsOf(columnsPayloads(2), 2)],
    ['does not end its columns', packetsOf([...columnsPayloads(2).slice(0, 3), rowPayload([null, null])])],
    ['has a row with too few values', packetsOf([...columnsPayloads(2), rowPayload([null])])],
    ['has a row with too many values', packetsOf([...columnsPayloads(2), rowPayload([null, null, null])])],
    ['has a value that ends behind its row', packetsOf([...columnsPayloads(2), Buffer.from([9, 65, 66])])],
    ['has a value without a length', packetsOf([...columnsPayloads(2), Buffer.from([0xfd, 1])])],
    ['goes on after its end', packetsOf([...columnsPayloads(2), EOF, EOF])],
  ])('refuses an answer that %s, and breaks the connection', async (message, answer) => {
    const { conversation, state } = scripted([answer, answer]);
    await expect(allOf(readRows(conversation, 2).texts)).rejects.toMatchObject({
      code: 'query_failed',
      message: `the server's answer ${message}`,
    });
    expect(state.ended).toBe('abandoned');
  });

  it('breaks the connection when nobody wants the rest', async () => {
    const rows = Array.from({ length: 3_000 }, () => [Buffer.alloc(1_500)]);
    const { conversation, state } = scripted([resultSet(1, rows.map(rowPayload))]);
    for await (const text of readRows(conversation, 1).texts) if (text.length > 0) break;
    expect(state.ended).toBe('abandoned');
  });
});
