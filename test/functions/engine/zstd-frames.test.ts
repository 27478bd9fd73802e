import { randomBytes } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrames, decompressFrames, FRAME_BYTES } from '../../../functions/engine/zstd-frames.ts';
import { inChunks } from './sql/stored-dump.ts';

async function compressed(texts: AsyncIterable<Buffer>, level = 3): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of compressFrames(texts, level)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

async function decompressed(stored: Buffer, chunkBytes = 1_000_000): Promise<Buffer> {
  const texts: Buffer[] = [];
  for await (const text of decompressFrames(inChunks(stored, chunkBytes))) texts.push(text);
  return Buffer.concat(texts);
}

const damaged = { code: 'backup_damaged' };

describe('frames', () => {
  const texts = [
    Buffer.alloc(FRAME_BYTES),
    randomBytes(FRAME_BYTES),
    Buffer.from('a'),
    Buffer.from('all the words of this sentence '.repeat(10_000)),
    randomBytes(300),
    Buffer.alloc(70_000, 'xy'),
  ];
  const whole = Buffer.concat(texts);

  it.each([1_000_000, 4096, 7])('come back whatever chunks of %d bytes they come in', async (chunkBytes) => {
    const few = chunkBytes < 1000 ? texts.slice(2) : texts;
    const stored = await compressed(inOrder(few));
    expect((await decompressed(stored, chunkBytes)).equals(Buffer.concat(few))).toBe(true);
  });

  it('come back wherever they are cut', async () => {
    const some = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(some, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), async (given, sizes) => {
        const stored = await compressed(inOrder(given.map((text) => Buffer.from(text))));
        async function* pieces() {
          let at = 0;
          for (const size of sizes) {
            yield Buffer.from(stored.subarray(at, at + size));
            at += size;
          }
          yield Buffer.from(stored.subarray(at));
        }
        const found: Buffer[] = [];
        for await (const text of decompressFrames(pieces())) found.push(text);
        expect(found.map(String)).toEqual(given.map((text) => String(Buffer.from(text))));
      }),
    );
  });

  it.each([1, 2, 3])('are each a whole one of its own at level %d', async (level) => {
    for (const text of texts) {
      const frame = await compressed(inOrder([text]), level);
      expect((await decompressed(frame)).equals(text)).toBe(true);
      expect(zstdDecompressSync(frame).equals(text)).toBe(true);
    }
  });

  it('hold the text that was given, also where its buffer is used again for the next but one', async () => {
    const buffers = [Buffer.alloc(FRAME_BYTES), Buffer.alloc(FRAME_BYTES)];
    async function* source() {
      for (const [index, text] of texts.entries()) {
        const buffer = buffers[index % 2]?.fill('!') ?? Buffer.alloc(0);
        yield buffer.subarray(0, text.copy(buffer));
      }
    }
    expect((await decompressed(await compressed(source()))).equals(whole)).toBe(true);
  });

  it('end with their source where that fails', async () => {
    async function* source() {
      yield texts[1] ?? whole;
      throw new Error('the source is gone');
    }
    await expect(compressed(source())).rejects.toThrow('the source is gone');
  });

  it('take no text that is too long for one', async () => {
    await expect(compressed(inOrder([Buffer.alloc(FRAME_BYTES + 1)]))).rejects.toThrow(RangeError);
  });

  it('are found damaged wherever a bit is another', async () => {
    const text = Buffer.from('a sentence that can be compressed, compressed, compressed');
    const stored = await compressed(inOrder([text, text]));
    for (let bit = 0; bit < stored.length * 8; bit += 1) {
      const other = Buffer.from(stored);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = await decompressed(other).catch((error: unknown) => error);
      // The last bit that a header leaves unused changes nothing.
      if (!(Buffer.isBuffer(read) && read.equals(Buffer.concat([text, text]))))
        expect(read).toMatchObject(damaged);
    }
  });

  it('are found cut at any byte', async () => {
    const first = await compressed(inOrder([Buffer.from('one')]));
    const stored = Buffer.concat([first, await compressed(inOrder([Buffer.from('two')]))]);
    for (let length = 1; length < stored.length; length += 1) {
      const read = decompressed(stored.subarray(0, length));
      if (length === first.length) expect((await read).toString()).toBe('one');
      else await expect(read).rejects.toMatchObject(damaged);
    }
  });

  it('may not hold more than one ever held, and that is found before it is there', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(512 * 1024 * 1024, 0x20));
    const before = process.memoryUsage().rss;
    await expect(decompressed(bomb)).rejects.toMatchObject(damaged);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });

  it.each([
    ['nothing of the kind', Buffer.from('CREATE TABLE t (a int)')],
    ['something after the last', Buffer.concat([zstdCompressSync('text'), Buffer.from('more text')])],
    ['an endless one', Buffer.concat([zstdCompressSync('text').subarray(0, 6), Buffer.alloc(3_000_000, 4)])],
  ])('are refused where there is %s', async (_, stored) => {
    await expect(decompressed(stored)).rejects.toMatchObject(damaged);
  });
});

async function* inOrder(texts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* texts;
}
