/** What the last probe saw of the server. */
export interface ServerInfo {
  readonly product: 'mariadb' | 'mysql';
  /** As the server prints it, for example `11.8.6-MariaDB-log`; at most 100 characters. */
  readonly version: string;
  readonly support: 'tested' | 'expected' | 'unsupported';
  /** The same for every name and address under which this server is reached. */
  readonly identity: string;
}

/** How many of each kind of object a schema holds. */
export interface ObjectCounts {
  readonly tables: number;
  readonly views: number;
  readonly triggers: number;
  readonly procedures: number;
  readonly functions: number;
  readonly events: number;
  readonly sequences: number;
  /** Specifications and bodies (MariaDB). */
  readonly packages: number;
}

/** What an empty schema holds. */
export const NO_OBJECTS: ObjectCounts = {
  tables: 0,
  views: 0,
  triggers: 0,
  procedures: 0,
  functions: 0,
  events: 0,
  sequences: 0,
  packages: 0,
};

/** A table of a dump, and the rows that the dump holds of it. */
export interface TableRows {
  readonly name: string;
  readonly rows: number;
}

/** What a schema holds and how it was made; shown in answers. */
export interface SchemaContents {
  readonly name: string;
  readonly characterSet: string;
  readonly collation: string;
  readonly comment: string;
  readonly counts: ObjectCounts;
  /** Tables whose engine takes no part in a snapshot: copied as they were when they were read. */
  readonly notOfOneInstant: readonly string[];
  /** How many these are, where an answer cannot name all. */
  readonly notOfOneInstantCount?: number;
  /** Tables of such engines that are of the instant all the same: small ones, read while nobody could write to them. */
  readonly readUnderLock?: readonly string[];
  /** Views that refer to something gone: not in the dump, kept here as text. */
  readonly brokenViews: readonly { readonly name: string; readonly definition: string }[];
  /** The accounts, as `user@host`, under which its views, triggers, routines and events run. */
  readonly definers: readonly string[];
}

/** Something that format `sql` cannot carry exactly, where it was found. */
export interface Loss {
  readonly kind:
    | 'float_digits'
    | 'negative_zero'
    | 'enum_beyond_bmp'
    | 'enum_index_zero'
    | 'default_beyond_bmp'
    | 'expression_beyond_bmp'
    | 'json_opaque'
    | 'character_unmapped'
    | 'view_broken'
    | 'history'
    | 'general_tablespace'
    | 'archive_auto_increment'
    | 'rows_elsewhere'
    | 'foreign_key_backtick';
  readonly schema: string;
  /** Table, view or other object. */
  readonly object: string;
  readonly column?: string;
  /** One sentence: what will be different after a restore. */
  readonly effect: string;
  /** False where looking at every value would have taken too long, and a loss is only possible. */
  readonly certain: boolean;
}
