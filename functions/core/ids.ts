import { ulid } from 'ulid';

declare const brand: unique symbol;
type Branded<Prefix extends string> = `${Prefix}_${string}` & { readonly [brand]: Prefix };

export type DatabaseId = Branded<'db'>;
export type BackupId = Branded<'bk'>;
export type RestoreId = Branded<'rs'>;
export type TokenId = Branded<'tok'>;
export type RunId = BackupId | RestoreId;

/**
 * A new id: the prefix says what it names, the ULID behind it sorts by time of creation.
 * @param now milliseconds since the epoch; where a record tells its `createdAt`, give the same instant
 */
export const newDatabaseId = (now?: number): DatabaseId => `db_${ulid(now)}` as DatabaseId;
export const newBackupId = (now?: number): BackupId => `bk_${ulid(now)}` as BackupId;
export const newRestoreId = (now?: number): RestoreId => `rs_${ulid(now)}` as RestoreId;
export const newTokenId = (now?: number): TokenId => `tok_${ulid(now)}` as TokenId;

/** What an id looks like in a path or body: anything else is answered 404 or 400 before it reaches a store. */
export const idPattern = (prefix: 'db' | 'bk' | 'rs' | 'tok'): RegExp =>
  new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`);
