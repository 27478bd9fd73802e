import { tooLargeFor } from '../engine/catalogue/estimate.ts';
import { partBytesFor } from '../engine/part.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import { SafeBaseError } from '../errors.ts';
import { describedTable } from './described-table.ts';
import { MAX_MANIFEST_BYTES, type Manifest, type ParallelSchema, type StoredFile } from './manifest.ts';
import type { BackupPlan } from './plan-backup.ts';

/** A manifest as it is stored. @throws `too_large_for_sql`, `too_large_for_one_worker` where nobody would read it */
export function manifestBody(manifest: Manifest): Buffer {
  const body = Buffer.from(printed(manifest));
  refuseLonger(manifest.format, body.length);
  return body;
}

/**
 * Refuses what would end with a manifest that nobody reads, before anything is stored.
 * @param tables of each schema of the plan, in its order, and in how many chunks they are cut
 * @throws `too_large_for_one_worker`
 */
export function refuseLongManifest(
  plan: BackupPlan,
  tables: readonly (readonly { readonly table: RowTable; readonly chunks: number }[])[],
): void {
  const schemas = plan.schemas.map(({ contents }, index): ParallelSchema => {
    const described = (tables[index] ?? []).map(({ table, chunks }) => ({
      ...describedTable(plan.server.product, table),
      ...{ rows: MOST, bytes: MOST, fingerprint: HASH },
      chunks: Array.from({ length: chunks }, () => CHUNK),
    }));
    const text = { ...FILE, dumpBytes: MOST };
    return { ...contents, tables: described, instant: TIME, definitions: text, objects: text };
  });
  const parts = plan.schemas.map(({ sizeBytes }) => Math.ceil(sizeBytes / partBytesFor(sizeBytes)));
  const partBytes = parts.reduce((total, count) => total + count, 0) * printed(FILE.parts).length;
  refuseLonger('parallel', Buffer.byteLength(printed({ schemas, losses: plan.losses })) + partBytes);
}

const printed = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** As long as such values ever are. */
const MOST = Number.MAX_SAFE_INTEGER;
const HASH = '0'.repeat(64);
const TIME = '2026-01-01T00:00:00.000Z';
const FILE: StoredFile = {
  key: 'k'.repeat(140),
  versionId: 'v'.repeat(64),
  sizeBytes: MOST,
  sha256: HASH,
  parts: [{ number: 10_000, sizeBytes: MOST, sha256: HASH }],
};

const CHUNK = { ...FILE, rows: MOST, textBytes: MOST, fingerprint: HASH };

function refuseLonger(format: Manifest['format'], bytes: number): void {
  if (bytes <= MAX_MANIFEST_BYTES) return;
  throw new SafeBaseError(
    tooLargeFor(format),
    `the list of all tables and objects would take ${bytes} bytes, and a manifest ${MAX_MANIFEST_BYTES}`,
    { hint: 'Register several databases, each with a list of schemas.' },
  );
}
