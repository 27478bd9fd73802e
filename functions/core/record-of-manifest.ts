import { fitComparison, fitRecord } from './fit-record.ts';
import type { Manifest } from './manifest.ts';
import type { BackupResult } from './run.ts';

/** What the end of a backup adds to its record, as far as the manifest tells: sizes, schemas, losses, and what there is less of. */
export function recordOfManifest({ schemas, losses, comparedWith, shrunk }: Manifest): BackupResult {
  return {
    ...fitRecord({
      losses,
      schemas: schemas.map(({ tables: _, instant: _at, dump: _dump, ...contents }) => contents),
    }),
    ...fitComparison({ ...(comparedWith && { comparedWith }), ...(shrunk && { shrunk }) }),
    sizeBytes: sum(schemas.map(({ dump }) => dump.sizeBytes)),
    dumpBytes: sum(schemas.map(({ dump }) => dump.dumpBytes)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
