import type { ObjectCounts } from '../engine/contents.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import type { Work } from './run.ts';

interface Passed {
  readonly bytes: number;
  readonly rows: number;
  readonly tables: number;
}

/** Tells one number for all schemas of a run that pass one after the other. */
export interface SchemaProgress {
  readonly onProgress: OnProgress;
  /** The schema is through. @param bytes all of its text */
  readonly through: (counts: ObjectCounts, bytes: number) => void;
}

/** @param bytesEstimated of all schemas */
export function schemaProgress(
  phase: 'dump' | 'check' | 'load' | 'compare',
  schemas: readonly { readonly contents: { readonly counts: ObjectCounts } }[],
  bytesEstimated: number,
  report: (work: Work) => void,
): SchemaProgress {
  const tablesTotal = schemas.reduce((total, { contents }) => total + contents.counts.tables, 0);
  let before: Passed = { bytes: 0, rows: 0, tables: 0 };
  let rowsHere = 0;
  return {
    onProgress: (bytes, seen) => {
      rowsHere = seen?.rows ?? 0;
      const known = seen && {
        // The rows of the last table may still be on their way.
        tablesDone: before.tables + Math.max(0, seen.tables - 1),
        tablesTotal,
        rowsDone: before.rows + seen.rows,
      };
      report({ phase, bytesDone: before.bytes + bytes, bytesEstimated, ...known });
    },
    through: (counts, bytes) => {
      before = {
        bytes: before.bytes + bytes,
        rows: before.rows + rowsHere,
        tables: before.tables + counts.tables,
      };
      rowsHere = 0;
    },
  };
}
