import { zstdCompressSync } from 'node:zlib';
import type { CheckInput } from '../../../../functions/engine/sql/format-sql.ts';
import { compressFrames, decompressFrames } from '../../../../functions/engine/zstd-frames.ts';

/** Text as a stored dump of schema `shop`, ready to be read once. */
export function storedDump(text: string, changed: Partial<CheckInput> = {}): CheckInput {
  return {
    schema: 'shop',
    targetSchema: 'shop',
    dump: inChunks(zstdCompressSync(text)),
    dumpBytes: Buffer.byteLength(text),
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changed,
  };
}

/** The text of a stored dump. */
export async function textOf(stored: Buffer): Promise<Buffer> {
  const texts: Buffer[] = [];
  for await (const text of decompressFrames(inChunks(stored, 1_000_000))) texts.push(text);
  return Buffer.concat(texts);
}

/** Frames as they lie in storage: the compressor frees what it gave. */
export async function* storedFrames(texts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const bytes of compressFrames(texts, 1)) yield Buffer.from(bytes);
}

/** Bytes as they might come from storage. */
export async function* inChunks(bytes: Buffer, chunkBytes = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export const END_LINE = '-- Dump completed on 2026-11-22 22:31:58\n';
