import type { Work } from '../../../functions/core/run.ts';
import { schemaProgress } from '../../../functions/core/schema-progress.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';

const schema = (tables: number) => ({ contents: { counts: { ...NO_OBJECTS, tables } } });

describe('the progress over the schemas of a run', () => {
  it('adds up what is through, and counts a table only when the next one begins', () => {
    const told: Work[] = [];
    const schemas = [schema(2), schema(3)];
    const progress = schemaProgress('load', schemas, 300, (work) => told.push(work));
    progress.onProgress(40, { tables: 1, rows: 5 });
    progress.onProgress(100, { tables: 2, rows: 9 });
    progress.through({ ...NO_OBJECTS, tables: 2 }, 110);
    progress.onProgress(50, { tables: 0, rows: 0 });
    progress.onProgress(60, { tables: 3, rows: 4 });
    const common = { phase: 'load', bytesEstimated: 300, tablesTotal: 5 };
    expect(told).toEqual([
      { ...common, bytesDone: 40, tablesDone: 0, rowsDone: 5 },
      { ...common, bytesDone: 100, tablesDone: 1, rowsDone: 9 },
      { ...common, bytesDone: 160, tablesDone: 2, rowsDone: 9 },
      { ...common, bytesDone: 170, tablesDone: 4, rowsDone: 13 },
    ]);
  });

  it('tells bytes alone where nobody can read the text', () => {
    const told: Work[] = [];
    schemaProgress('dump', [schema(2)], 300, (work) => told.push(work)).onProgress(40);
    expect(told).toEqual([{ phase: 'dump', bytesDone: 40, bytesEstimated: 300 }]);
  });
});
