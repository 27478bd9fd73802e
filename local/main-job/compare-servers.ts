/** Reads both servers past the API and compares them exactly. */
import { compareContents, type Difference } from '../compare/compare-contents.ts';
import { connectToRead, type ReadServer } from '../compare/connect.ts';
import { type Content, type KnownLoss, summarise } from '../compare/content.ts';
import { readServerContent } from '../compare/read-content.ts';

export interface Comparison {
  readonly source: Content;
  readonly differences: readonly Difference[];
  /** Bytes of values that were read of both servers. */
  readonly sizeBytes: number;
  readonly seconds: number;
}

/** @param losses what the backup listed: it is not compared, everything else is */
export async function compareServers(
  here: ReadServer,
  there: ReadServer,
  schemas: readonly string[],
  losses: readonly KnownLoss[],
): Promise<Comparison> {
  const start = performance.now();
  const left = await connectToRead(here);
  const right = await connectToRead(there);
  try {
    const [source, copy] = await Promise.all([
      readServerContent(left, schemas, losses),
      readServerContent(right, schemas, losses),
    ]);
    const differences = await compareContents(source, copy);
    const sizeBytes = summarise(source).sizeBytes + summarise(copy).sizeBytes;
    return { source, differences, sizeBytes, seconds: (performance.now() - start) / 1_000 };
  } finally {
    await Promise.all([left.close(), right.close()]);
  }
}
