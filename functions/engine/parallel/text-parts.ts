import type { Part, PartRecord } from '../part.ts';
import { PartCutter } from '../sql/part-cutter.ts';
import { compressFrames, FRAME_BYTES } from '../zstd-frames.ts';

/** A text on its way to its object. */
export interface TextDump {
  readonly parts: AsyncGenerator<Part, void, undefined>;
  /** What was stored. Complete only after the last part was taken. */
  summary(): {
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly parts: readonly PartRecord[];
    readonly dumpBytes: number;
  };
}

/** Compresses a text that is in memory and cuts it into parts. */
export function dumpText(text: Buffer, zstdLevel: number, partBytes: number): TextDump {
  const cutter = new PartCutter(partBytes);
  return {
    parts: cutParts(text, zstdLevel, cutter),
    summary: () => ({ ...cutter.summary(), dumpBytes: text.length }),
  };
}

async function* cutParts(text: Buffer, zstdLevel: number, cutter: PartCutter) {
  for await (const bytes of compressFrames(framesOf(text), zstdLevel)) yield* cutter.take(bytes);
  yield* cutter.end();
}

async function* framesOf(text: Buffer) {
  for (let from = 0; from < text.length; from += FRAME_BYTES) yield text.subarray(from, from + FRAME_BYTES);
}
