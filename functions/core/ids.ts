import { ulid } from 'ulid';

declare const brand: unique symbol;
type Branded<Prefix extends string> = `${Prefix}_${string}` & { readonly [brand]: Prefix };

export type DatabaseId = Branded<'db'>;
export type BackupId = Branded<'bk'>;
export type RestoreId = Branded<'rs'>;
export type TokenId = Branded<'tok'>;
export type RunId = BackupId | RestoreId;

/** A new id: the prefix says what it names, the ULID behind it sorts by time of creation. */
export const newDatabaseId = (): DatabaseId => `db_${ulid()}` as DatabaseId;
export const newBackupId = (): BackupId => `bk_${ulid()}` as BackupId;
export const newRestoreId = (): RestoreId => `rs_${ulid()}` as RestoreId;
export const newTokenId = (): TokenId => `tok_${ulid()}` as TokenId;

/** What an id looks like in a path or body: anything else is answered 404 or 400 before it reaches a store. */
export const idPattern = (prefix: 'db' | 'bk' | 'rs' | 'tok'): RegExp =>
  new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`);
