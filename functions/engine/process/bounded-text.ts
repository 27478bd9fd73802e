import type { Readable } from 'node:stream';

/**
 * Collects what a stream says, but only its beginning and its end: a failing statement is printed whole before the
 * error, and may be a gigabyte long.
 * @param limitBytes of the beginning and of the end, each
 */
export function collectBounded(stream: Readable, limitBytes: number): () => string {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let isCut = false;
  stream.on('data', (chunk: Buffer) => {
    const room = limitBytes - head.length;
    head = Buffer.concat([head, chunk.subarray(0, room)]);
    if (chunk.length <= room) return;
    const longer = Buffer.concat([tail, chunk.subarray(room)]);
    isCut ||= longer.length > limitBytes;
    tail = longer.subarray(-limitBytes);
  });
  return () => `${head.toString()}${isCut ? '\n' : ''}${tail.toString()}`;
}
