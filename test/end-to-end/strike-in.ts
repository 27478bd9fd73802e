/** Starts a run, holds it in its middle, lets a fault strike, and waits for its end. */
import { SAMPLE_SCHEMAS } from '../../local/sample/fill-sample-shop.ts';
import type { RunKind } from './faults.ts';
import type { Answer } from './laptop.ts';
import type { Scene } from './scene.ts';

interface Blow {
  readonly kind: RunKind;
  /** How many bytes go between server and program before it strikes. */
  readonly bytes: number;
  /** What is restored. */
  readonly backupId?: string;
  /** Told the id of the run that is held. */
  readonly strike: (runId: string) => Promise<void>;
}

/** @returns the record of the run, after its end */
export async function strikeIn(
  scene: Scene,
  { kind, bytes, backupId, strike }: Blow,
): Promise<Answer['body']> {
  const { laptop, proxy, databaseId } = scene;
  const held = proxy.holdAfter(kind === 'backup' ? 'from-server' : 'to-server', bytes);
  const { status, body } = await (kind === 'backup'
    ? laptop.api('POST', '/backup', { databaseId })
    : laptop.api('POST', `/restore/${backupId}`, overwriting(databaseId)));
  if (status !== 202) throw new Error(`not started: ${JSON.stringify(body)}`);
  const ended = laptop.ended(`/${kind}/${body.id}`);
  try {
    const early = await Promise.race([held, ended]);
    if (early !== undefined) throw new Error(`it ended before its middle: ${JSON.stringify(early)}`);
    await strike(body.id);
  } finally {
    proxy.release();
  }
  return ended;
}

/** The order to put the shop back over what is there. */
export const overwriting = (databaseId: string) => ({
  databaseId,
  schemas: Object.fromEntries(SAMPLE_SCHEMAS.map((name) => [name, name])),
  overwrite: true,
  confirm: [...SAMPLE_SCHEMAS],
});
