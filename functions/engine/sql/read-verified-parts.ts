import { createHash } from 'node:crypto';
import { damagedDump } from '../damaged-dump.ts';
import { throwIfOver } from '../deadline.ts';
import { freeBuffer } from '../free-buffer.ts';
import type { PartRecord } from '../part.ts';
import type { ReadRange, VerifiedObject } from './format-sql.ts';

/**
 * Gives the parts of a stored object in order, each only after its SHA-256 matched, while the next is already on its
 * way. A part that was taken is proven; that the whole is, shows only at the end.
 * @throws `backup_damaged`; what `read` throws; the reason of the signal
 */
export async function* readVerifiedParts(
  read: ReadRange,
  object: VerifiedObject,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const whole = createHash('sha256');
  let first = 0;
  let next = ahead(object.parts[0], first);
  for (const [index, part] of object.parts.entries()) {
    throwIfOver(signal);
    const body = await next;
    if (part.number !== index + 1) throw damagedDump(`part ${index + 1} is missing from the list of parts`);
    first += part.sizeBytes;
    next = ahead(object.parts[index + 1], first);
    whole.update(body);
    yield body;
  }
  if (first !== object.sizeBytes) throw damagedDump(`the parts hold ${first} bytes, not ${object.sizeBytes}`);
  if (whole.digest('hex') !== object.sha256) throw damagedDump('the SHA-256 of the whole is another');

  function ahead(part: PartRecord | undefined, start: number): Promise<Buffer> {
    const reading = part ? readPart(read, part, start) : Promise.resolve(Buffer.alloc(0));
    // It is awaited a part later, or never where the reader stops: not an unhandled rejection.
    reading.catch(() => {});
    return reading;
  }
}

async function readPart(read: ReadRange, part: PartRecord, first: number): Promise<Buffer> {
  const body = Buffer.allocUnsafeSlow(part.sizeBytes);
  let filled = 0;
  for await (const chunk of read({ first, last: first + part.sizeBytes - 1 })) {
    if (filled + chunk.length > part.sizeBytes)
      throw damagedDump(`part ${part.number} is longer than it was`);
    filled += chunk.copy(body, filled);
    freeBuffer(chunk);
  }
  if (filled !== part.sizeBytes) throw damagedDump(`part ${part.number} is shorter than it was`);
  if (createHash('sha256').update(body).digest('hex') !== part.sha256) {
    throw damagedDump(`the SHA-256 of part ${part.number} is another`);
  }
  return body;
}
