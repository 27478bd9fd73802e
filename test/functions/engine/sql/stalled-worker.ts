/** A worker that stops in the middle: `stalled-worker.ts dump|load`, with its input as JSON on stdin. */
import { json } from 'node:stream/consumers';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import type { DumpInput, LoadInput } from '../../../../functions/engine/sql/format-sql.ts';
import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';

const input = (await json(process.stdin)) as Record<string, unknown>;
const common = { ...input, signal: new AbortController().signal, onProgress: () => {} };

if (process.argv[2] === 'dump') {
  const { parts } = dumpSchema(common as unknown as DumpInput);
  await parts.next();
  console.log('stalled');
} else {
  const dump = (async function* () {
    yield Buffer.from(String(input.stored), 'base64');
    console.log('stalled');
    await new Promise(() => {});
  })();
  loadSchema({
    ...common,
    dump,
    openSession: () => Promise.reject(new Error('not now')),
  } as unknown as LoadInput);
}
setInterval(() => {}, 1_000);
