/** A worker with the engine alone: dumps, and throws the parts away. Input and result as JSON. */
import { json } from 'node:stream/consumers';
import { dumpSchema } from '../../functions/engine/sql/dump-schema.ts';
import type { DumpInput } from '../../functions/engine/sql/format-sql.ts';

const input = (await json(process.stdin)) as Omit<DumpInput, 'signal' | 'onProgress'>;
const startedAt = performance.now();
const dump = dumpSchema({ ...input, signal: new AbortController().signal, onProgress: () => {} });
for await (const part of dump.parts) if (part.body.length === 0) throw new Error('an empty part');
const seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify({ dumpBytes: dump.summary().dumpBytes, seconds }));
