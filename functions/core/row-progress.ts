import type { Work } from './run.ts';

/** Rows of one piece that are on their way. */
interface ReadingProgress {
  readonly onProgress: (rows: number, bytes: number) => void;
  /** All of them were read. @param isLast whether they are the last ones of their table */
  readonly through: (rows: number, bytes: number, isLast: boolean) => void;
}

/** Tells one number for all pieces that are read side by side. */
export interface RowProgress {
  readonly begin: () => ReadingProgress;
}

/** @param all what there is, and the bytes of text that went before */
export function rowProgress(
  report: (work: Work) => void,
  all: { readonly tablesTotal: number; readonly textBytes: number; readonly bytesEstimated: number },
): RowProgress {
  const { tablesTotal, textBytes, bytesEstimated } = all;
  let [tablesDone, rowsDone, bytesDone] = [0, 0, textBytes];
  const tell = (): void =>
    report({ phase: 'dump', bytesDone, bytesEstimated, tablesDone, tablesTotal, rowsDone });
  return {
    begin: () => {
      let before = { rows: 0, bytes: 0 };
      const onProgress = (rows: number, bytes: number): void => {
        rowsDone += rows - before.rows;
        bytesDone += bytes - before.bytes;
        before = { rows, bytes };
        tell();
      };
      return {
        onProgress,
        through: (rows, bytes, isLast) => {
          if (isLast) tablesDone += 1;
          onProgress(rows, bytes);
        },
      };
    },
  };
}
