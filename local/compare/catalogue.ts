/** Which views of information_schema are compared, and which are not and why. */

/** A view of information_schema that describes objects of a schema. */
export interface CatalogueView {
  readonly view: string;
  /** What a row of it is. */
  readonly kind: string;
  /** The column that holds the schema's name. */
  readonly schema: string;
  /** The column with the object's name; absent where the row is about the schema itself. */
  readonly object?: string;
  /** Columns that tell the rows of one object apart. */
  readonly part: readonly string[];
}

const about = (
  view: string,
  kind: string,
  schema: string,
  object?: string,
  ...part: readonly string[]
): CatalogueView => ({ view, kind, schema, ...(object === undefined ? {} : { object }), part });

/** Views that a server does not have are passed over. */
export const CATALOGUE: readonly CatalogueView[] = [
  about('schemata', 'schema', 'schema_name'),
  about('schemata_extensions', 'schema options', 'schema_name'),
  about('tables', 'table', 'table_schema', 'table_name'),
  about('tables_extensions', 'table attributes', 'table_schema', 'table_name'),
  about('columns', 'column', 'table_schema', 'table_name', 'column_name'),
  about('columns_extensions', 'column attributes', 'table_schema', 'table_name', 'column_name'),
  about('column_statistics', 'histogram', 'schema_name', 'table_name', 'column_name'),
  about('geometry_columns', 'geometry', 'f_table_schema', 'f_table_name', 'f_geometry_column'),
  about('st_geometry_columns', 'geometry', 'table_schema', 'table_name', 'column_name'),
  about('statistics', 'index', 'table_schema', 'table_name', 'index_name', 'seq_in_index'),
  about(
    'table_constraints',
    'constraint',
    'table_schema',
    'table_name',
    'constraint_type',
    'constraint_name',
  ),
  about(
    'table_constraints_extensions',
    'constraint attributes',
    'constraint_schema',
    'table_name',
    'constraint_name',
  ),
  about(
    'key_column_usage',
    'key column',
    'table_schema',
    'table_name',
    'constraint_name',
    'ordinal_position',
  ),
  about('referential_constraints', 'foreign key', 'constraint_schema', 'table_name', 'constraint_name'),
  about('check_constraints', 'check', 'constraint_schema', 'constraint_name', 'table_name', 'level'),
  about('key_period_usage', 'key period', 'table_schema', 'table_name', 'constraint_name', 'period_name'),
  about('periods', 'period', 'table_schema', 'table_name', 'period'),
  about(
    'partitions',
    'partition',
    'table_schema',
    'table_name',
    'partition_ordinal_position',
    'subpartition_ordinal_position',
  ),
  about('sequences', 'sequence', 'sequence_schema', 'sequence_name'),
  about('views', 'view', 'table_schema', 'table_name'),
  about('view_table_usage', 'table in a view', 'view_schema', 'view_name', 'table_schema', 'table_name'),
  about(
    'view_routine_usage',
    'routine in a view',
    'table_schema',
    'table_name',
    'specific_schema',
    'specific_name',
  ),
  about('json_duality_views', 'duality view', 'table_schema', 'table_name'),
  about(
    'json_duality_view_columns',
    'column in a duality view',
    'table_schema',
    'table_name',
    'referenced_table_name',
    'json_key_name',
  ),
  about(
    'json_duality_view_links',
    'link in a duality view',
    'table_schema',
    'table_name',
    'parent_table_name',
    'child_table_name',
    'json_key_name',
  ),
  about(
    'json_duality_view_tables',
    'table in a duality view',
    'table_schema',
    'table_name',
    'referenced_table_name',
  ),
  about('triggers', 'trigger', 'trigger_schema', 'trigger_name'),
  about('routines', 'routine', 'routine_schema', 'routine_name', 'routine_type'),
  about('parameters', 'parameter', 'specific_schema', 'specific_name', 'routine_type', 'ordinal_position'),
  about(
    'routine_libraries',
    'library of a routine',
    'routine_schema',
    'routine_name',
    'routine_type',
    'library_name',
  ),
  about('libraries', 'library', 'library_schema', 'library_name'),
  about('events', 'event', 'event_schema', 'event_name'),
];

/** Views with a schema's name in them that are left out. A test says that every server's views stand here or above. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  column_privileges: 'server accounts are not part of a backup',
  schema_privileges: 'server accounts are not part of a backup',
  table_privileges: 'server accounts are not part of a backup',
  role_column_grants: 'server accounts are not part of a backup',
  role_routine_grants: 'server accounts are not part of a backup',
  role_table_grants: 'server accounts are not part of a backup',
  files: 'the files of the server',
  index_statistics: 'how often an index was used',
  table_statistics: 'how often a table was used',
};
