import { Transform } from 'node:stream';
import type { DumpText } from './dump-text.ts';

/**
 * A stage that watches the text of a dump and gathers it into batches. Its end, and with it the last batch, comes only
 * when `prove` has resolved. Tools write 4 KB at a time: whatever is done for each chunk is done 250 times for a MB.
 */
export function provenBatches(text: DumpText, batchBytes: number, prove: () => Promise<void>): Transform {
  let batch: Buffer[] = [];
  let bytes = 0;
  const take = (): Buffer => {
    const whole = Buffer.concat(batch, bytes);
    batch = [];
    bytes = 0;
    return whole;
  };
  return new Transform({
    readableHighWaterMark: batchBytes,
    transform(chunk: Buffer, _encoding, done) {
      const kept = text.take(chunk);
      batch.push(kept);
      bytes += kept.length;
      done(null, bytes < batchBytes ? undefined : take());
    },
    flush(done) {
      prove().then(
        () => done(null, bytes > 0 ? take() : undefined),
        (error: Error) => done(error),
      );
    },
  });
}
