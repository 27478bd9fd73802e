import { quoteName } from '../engine/connection.ts';
import { type RowTable, rowStatements } from '../engine/rows/table-rows.ts';
import type { StoredTable } from './manifest.ts';

/** What a manifest tells of a table before its rows are read. */
export function describedTable(
  product: 'mariadb' | 'mysql',
  table: RowTable,
): Omit<StoredTable, 'rows' | 'bytes' | 'fingerprint' | 'chunks'> {
  const { schema, name, columns, hasGenerated, period } = table;
  const { load } = rowStatements(product, table);
  return {
    name,
    columns,
    hasGenerated,
    ...(period && { period }),
    load: load.replace(`INTO TABLE ${quoteName(schema)}.`, 'INTO TABLE '),
  };
}
