import { ulid } from 'ulid';
import { SafeBaseError } from '../errors.ts';

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

export const isBackupId = (text: string): text is BackupId => idPattern('bk').test(text);
export const isRestoreId = (text: string): text is RestoreId => idPattern('rs').test(text);

/** The id of a database in a text that was checked to be one. @throws `invalid_request` */
export function parseDatabaseId(text: string): DatabaseId {
  if (idPattern('db').test(text)) return text as DatabaseId;
  throw new SafeBaseError('invalid_request', 'databaseId: is not the id of a database');
}

/** The same of a backup. @throws `invalid_request` */
export function parseBackupId(text: string): BackupId {
  if (isBackupId(text)) return text;
  throw new SafeBaseError('invalid_request', 'runId: is not the id of a backup');
}

/** The same of a restore. @throws `invalid_request` */
export function parseRestoreId(text: string): RestoreId {
  if (isRestoreId(text)) return text;
  throw new SafeBaseError('invalid_request', 'runId: is not the id of a restore');
}
