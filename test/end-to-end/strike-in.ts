/** Starts a run and holds it in its middle. */
import type { BackupFormat } from '../../functions/core/backup-format.ts';
import { SAMPLE_SCHEMAS } from '../../local/sample/fill-sample-shop.ts';
import type { RunKind } from './kills.ts';
import type { Answer, ApiCalls } from './laptop.ts';
import type { PausingProxy } from './pausing-proxy.ts';

/** Whose runs are held. */
interface Stage {
  readonly laptop: ApiCalls;
  readonly proxy: PausingProxy;
  readonly databaseId: string;
}

interface Middle {
  readonly kind: RunKind;
  /** How many bytes go between server and worker before it is held. */
  readonly bytes: number;
  /** Which way @default from the server in a backup, to it in a restore */
  readonly direction?: 'from-server' | 'to-server';
  /** Of a backup. @default sql */
  readonly format?: BackupFormat;
  /** What is restored. */
  readonly backupId?: string;
}

/** @returns the path of the run that is held until the proxy lets go */
export async function holdRunIn(stage: Stage, middle: Middle): Promise<string> {
  const { laptop, proxy, databaseId } = stage;
  const { kind, bytes, backupId, format = 'sql' } = middle;
  const { direction = kind === 'backup' ? 'from-server' : 'to-server' } = middle;
  const held = proxy.holdAfter(direction, bytes);
  const { status, body } = await (kind === 'backup'
    ? laptop.api('POST', '/backup', { databaseId, format })
    : laptop.api('POST', `/restore/${backupId}`, overwriting(databaseId)));
  if (status !== 202) throw new Error(`not started: ${JSON.stringify(body)}`);
  const path = `/${kind}/${body.id}`;
  const early = await Promise.race([held, laptop.ended(path)]);
  if (early !== undefined) throw new Error(`it ended before its middle: ${JSON.stringify(early)}`);
  return path;
}

/**
 * Lets something happen in the middle of a run.
 * @param strike told the path of the run
 * @returns the record of the run, after its end
 */
export async function strikeIn(
  stage: Stage,
  { strike, ...middle }: Middle & { readonly strike: (path: string) => Promise<void> },
): Promise<Answer['body']> {
  try {
    const path = await holdRunIn(stage, middle);
    await strike(path);
    stage.proxy.release();
    return await stage.laptop.ended(path);
  } finally {
    stage.proxy.release();
  }
}

/** The order to put the shop back over what is there. */
export const overwriting = (databaseId: string) => ({
  databaseId,
  schemas: Object.fromEntries(SAMPLE_SCHEMAS.map((name) => [name, name])),
  overwrite: true,
  confirm: [...SAMPLE_SCHEMAS],
});
