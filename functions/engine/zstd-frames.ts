import { promisify } from 'node:util';
import {
  constants,
  createZstdCompress,
  type ZstdCompress,
  zstdCompressSync,
  zstdDecompress,
} from 'node:zlib';
import { damagedDump } from './damaged-dump.ts';
import { freeBuffer } from './free-buffer.ts';

/**
 * A stream of zstd frames, each of at most so many bytes of text and compressed by itself: a quarter less processor time
 * than one long frame, whose window wraps around all the time, a little less space, and none needs more memory than it
 * says beforehand. `zstd -d` reads many frames like one.
 */
export const FRAME_BYTES = 1024 * 1024;
/**
 * Level 3 has two tables of places to look at; made for long windows, they outgrow the cache of a processor. For a
 * mebibyte these do: a seventh less processor time, and the size stays the same within a hundredth.
 */
const SMALL_TABLES = { [constants.ZSTD_c_hashLog]: 16, [constants.ZSTD_c_chainLog]: 14 };
/**
 * Level 1: a window of 256 KiB stays in the cache of a processor; a twelfth less processor time, and the size stays the
 * same within a hundredth.
 */
const SMALL_WINDOW = { [constants.ZSTD_c_windowLog]: 18 };
/** A compressor that streams costs 0.6 ms by itself, which most tables are not worth; a text of this size is done in 0.3 ms. */
const SMALL_TEXT_BYTES = 64 * 1024;
/** Frames that are decompressed at once. */
const IN_FLIGHT = 2;

/**
 * Gives the bytes of one frame, with size and checksum, for each text. While one is compressed in another thread, the
 * next text is asked for. Whoever stops early ends the source too. What was given is freed when the next is asked for.
 * @param texts of at most `FRAME_BYTES` each, whose bytes stay the same until the next but one is asked for
 */
export async function* compressFrames(
  texts: AsyncIterable<Buffer>,
  level: number,
): AsyncGenerator<Buffer, void, undefined> {
  let compressor: ZstdCompress | undefined;
  const ready: Buffer[] = [];
  let given: Buffer | undefined;
  const giveReady = function* (): Generator<Buffer> {
    for (const bytes of ready.splice(0)) {
      // What comes lies in other memory: the compressor has filled that of before.
      if (given?.buffer !== bytes.buffer) freeMemoryOf(given);
      given = bytes;
      yield bytes;
    }
  };
  try {
    let compressing = Promise.resolve();
    for await (const text of texts) {
      if (text.length > FRAME_BYTES)
        throw new RangeError(`a frame takes ${FRAME_BYTES} bytes, not ${text.length}`);
      await compressing;
      yield* giveReady();
      if (text.length <= SMALL_TEXT_BYTES) {
        yield zstdCompressSync(text, { params: parametersOf(level) });
        continue;
      }
      compressor ??= openCompressor(level, (bytes) => ready.push(bytes));
      compressing = compressFrame(compressor, text);
      // It is awaited a text later, or never where the source fails: not an unhandled rejection.
      compressing.catch(() => {});
    }
    await compressing;
    yield* giveReady();
    freeMemoryOf(given);
  } finally {
    compressor?.destroy();
  }
}

function openCompressor(level: number, onFrame: (bytes: Buffer) => void): ZstdCompress {
  const compressor = createZstdCompress({
    // Each write becomes a frame of its own.
    flush: constants.ZSTD_e_end,
    chunkSize: compressBound(FRAME_BYTES),
    params: parametersOf(level),
  });
  // An error is told by the write as well, which is awaited.
  return compressor.on('data', onFrame).on('error', () => {});
}

const parametersOf = (level: number) => ({
  ...(level === 1 && SMALL_WINDOW),
  ...(level === 3 && SMALL_TABLES),
  [constants.ZSTD_c_compressionLevel]: level,
  [constants.ZSTD_c_checksumFlag]: 1,
});

const compressFrame = (compressor: ZstdCompress, text: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    compressor.write(text, (error) => (error ? reject(error) : resolve()));
  });

function freeMemoryOf(part: Buffer | undefined): void {
  if (part) freeBuffer(Buffer.from(part.buffer));
}

const decompress = promisify(zstdDecompress);

/**
 * Gives the text of each frame, whatever chunks they come in.
 * @throws `backup_damaged` where the bytes are no frames that `compressFrames` made; what `chunks` throws
 */
export async function* decompressFrames(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const inFlight: Promise<Buffer>[] = [];
  for await (const frame of splitFrames(chunks)) {
    const text = decompressFrame(frame);
    // It is awaited later, or never where the reader stops: not an unhandled rejection.
    text.catch(() => {});
    inFlight.push(text);
    const first = inFlight.length > IN_FLIGHT ? inFlight.shift() : undefined;
    if (first) yield await first;
  }
  for (const text of inFlight) yield await text;
}

async function decompressFrame({ bytes, textBytes }: Frame): Promise<Buffer> {
  const options = { maxOutputLength: Math.max(1, textBytes), chunkSize: Math.max(64, textBytes) };
  const text = await decompress(bytes, options).catch((cause: unknown) => {
    throw damagedDump('it cannot be decompressed', cause);
  });
  if (text.length !== textBytes) throw damagedDump('a frame holds less text than it says');
  return text;
}

interface Frame {
  readonly bytes: Buffer;
  readonly textBytes: number;
}

async function* splitFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    let at = 0;
    for (let frame = frameAt(buffer, at); frame !== undefined; frame = frameAt(buffer, at)) {
      yield frame;
      at += frame.bytes.length;
    }
    // A copy: else the rest of a frame would keep a whole part in memory.
    if (at > 0) buffer = Buffer.from(buffer.subarray(at));
    if (buffer.length > compressBound(FRAME_BYTES))
      throw damagedDump('a frame is larger than any that was made');
  }
  if (buffer.length > 0) throw damagedDump('it ends within a frame');
}

const MAGIC = 0xfd2fb528;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const RAW_OR_COMPRESSED = [0, 2];

/**
 * Finds the end of a frame by its headers.
 * @returns nothing while it is still incomplete
 * @see https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md
 */
function frameAt(buffer: Buffer, start: number): Frame | undefined {
  const header = headerAt(buffer, start);
  if (header === undefined) return undefined;
  let at = start + header.bytes;
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEADER_BYTES > buffer.length) return undefined;
    const block = buffer.readUIntLE(at, BLOCK_HEADER_BYTES);
    isLast = (block & 1) === 1;
    // A block of one repeated byte holds that byte alone.
    const bytes = RAW_OR_COMPRESSED.includes((block >> 1) & 3) ? block >> 3 : 1;
    at += BLOCK_HEADER_BYTES + bytes;
  }
  at += header.endBytes;
  return at > buffer.length ? undefined : { bytes: buffer.subarray(start, at), textBytes: header.textBytes };
}

/** Of the many forms that a header may have, those with the size of the text and without a dictionary. */
function headerAt(
  buffer: Buffer,
  start: number,
): { readonly bytes: number; readonly textBytes: number; readonly endBytes: number } | undefined {
  if (buffer.length < start + 5) return undefined;
  const descriptor = buffer[start + 4] ?? 0;
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][sizeFlag] ?? 0;
  const hasChecksum = (descriptor & 0b100) !== 0;
  const hasDictionary = (descriptor & 0b11) !== 0;
  if (buffer.readUInt32LE(start) !== MAGIC || hasDictionary || sizeBytes === 0 || sizeBytes === 8) {
    throw damagedDump('it holds something else than frames');
  }
  const sizeAt = start + (isSingleSegment ? 5 : 6);
  if (buffer.length < sizeAt + sizeBytes) return undefined;
  // Two bytes count from 256 on: smaller sizes fit into one.
  const textBytes = buffer.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  // An archive bomb says its size before anything is decompressed.
  if (textBytes > FRAME_BYTES) throw damagedDump('a frame holds more text than any that was made');
  return { bytes: sizeAt + sizeBytes - start, textBytes, endBytes: hasChecksum ? CHECKSUM_BYTES : 0 };
}

/** The most that so many bytes can become. @see ZSTD_COMPRESSBOUND in zstd.h */
const compressBound = (bytes: number): number =>
  bytes + (bytes >> 8) + Math.max(0, (128 * 1024 - bytes) >> 11) + 64;
