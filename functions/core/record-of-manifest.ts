import type { SchemaContents } from '../engine/contents.ts';
import { fitComparison, fitRecord } from './fit-record.ts';
import {
  type Manifest,
  type ParallelManifest,
  type StoredSchema,
  sizeBytesOf,
  textBytesOf,
} from './manifest.ts';
import type { BackupResult } from './run.ts';

/** What the end of a backup adds to its record, as far as the manifest tells: sizes, schemas, losses, and what there is less of. */
export function recordOfManifest(manifest: Manifest): BackupResult {
  const { schemas, losses, comparedWith, shrunk } = manifest;
  return {
    ...fitRecord({
      losses,
      schemas: schemas.map(contentsIn),
    }),
    ...fitComparison({ ...(comparedWith && { comparedWith }), ...(shrunk && { shrunk }) }),
    ...(manifest.format === 'parallel' && ofParallel(manifest)),
    sizeBytes: sum(schemas.map(sizeBytesOf)),
    dumpBytes: sum(schemas.map(textBytesOf)),
  };
}

const ofParallel = ({ snapshot, attempts }: ParallelManifest): BackupResult => ({
  ...(snapshot && { snapshot }),
  ...(attempts !== undefined && { attempts }),
});

/** What the record keeps of a schema. */
export const contentsIn = (stored: StoredSchema): SchemaContents => {
  const { name, characterSet, collation, comment, counts, brokenViews, definers } = stored;
  const { notOfOneInstant, readUnderLock } = stored;
  const told = { name, characterSet, collation, comment, counts, notOfOneInstant, brokenViews, definers };
  return { ...told, ...(readUnderLock && { readUnderLock }) };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
