/** What the core asks of the outside; each port has one adapter and one contract suite that tests these comments. */
import type { Endpoint, Query } from '../engine/connection.ts';
import type { Part } from '../engine/part.ts';
import type { Converse } from '../engine/rows/conversation.ts';
import type { StatementSession } from '../engine/sql/format-sql.ts';
import type { Database } from './database.ts';
import type { DatabaseId, RunId, TokenId } from './ids.ts';
import type { ProbeReport } from './probe-report.ts';
import type { Backup, CancelWish, Progress, Restore, RunChange, RunResult, RunState } from './run.ts';

/** A page of a list, newest first. `nextCursor` is opaque and absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** Milliseconds since the epoch. */
export type Now = () => number;

export interface DatabaseStore {
  /** Writes a new record; a second call with the same id fails with `version_conflict`. */
  create(database: Database): Promise<void>;
  get(id: DatabaseId): Promise<Database | undefined>;
  /** @throws `bad_cursor` */
  list(page: { readonly limit: number; readonly cursor?: string }): Promise<Page<Database>>;
  /** Replaces the record if its version is still `database.version - 1`. @throws `version_conflict` */
  replace(database: Database): Promise<void>;
  /** @throws `version_conflict` where the version is another */
  remove(id: DatabaseId, version: number): Promise<void>;
}

export interface RunFilter {
  readonly databaseId?: DatabaseId;
  readonly states?: readonly RunState[];
  /** ISO 8601, inclusive. */
  readonly from?: string;
  readonly until?: string;
}

/** Backups, or restores: the record is the truth about a run. */
export interface RunStore<R extends Backup | Restore> {
  create(run: R): Promise<void>;
  /** Reads the newest write (strongly consistent). */
  get(id: R['id']): Promise<R | undefined>;
  /** Newest first; `states` looks at the run as of now. @throws `bad_cursor` */
  list(filter: RunFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<R>>;
  /** Ids of unfinished runs whose lease is over, longest ago first. May be behind: the record decides. */
  listLost(limit: number): Promise<readonly R['id'][]>;
  /**
   * Moves a run on and sets fields, if it is in one of `from` and its fence is still `fence`. Final states
   * end the lease: `leaseExpiresAt` and `progress` go.
   * A write whose answer was lost and that is repeated counts as done.
   * @throws `fenced` where another worker took the run; `wrong_state` where its state is another
   */
  transition(
    id: R['id'],
    condition: { readonly from: readonly RunState[]; readonly fence: number },
    change: RunChange,
  ): Promise<R>;
  /**
   * A sign of life of the worker.
   * @param kept more fields to set @default none
   * @returns the record with it, and with a wish to cancel that came before
   * @throws `fenced`, `wrong_state` (no longer running)
   */
  heartbeat(
    id: R['id'],
    fence: number,
    leaseExpiresAt: string,
    progress: Progress | undefined,
    kept?: RunResult,
  ): Promise<R>;
  /** Notes on a running run that it is to end; its worker reads that. @throws `fenced`, `wrong_state` */
  requestCancel(id: R['id'], fence: number, cancel: CancelWish): Promise<R>;
}

/** A run, or a database while it is being removed. */
export type LockOwner = RunId | DatabaseId;

/** At most one owner holds a lock; the owner itself may take it again. */
export interface RunLocks {
  /**
   * Takes the lock if it is free or its time is over.
   * @returns the earlier owner whose time was over, if there was one
   * @throws `run_active` with `details.runId`
   */
  acquire(lock: {
    readonly key: string;
    readonly owner: LockOwner;
    readonly expiresAt: string;
  }): Promise<{ readonly lostOwner?: LockOwner }>;
  /** @throws `fenced` where the lock is not this owner's any more */
  extend(lock: {
    readonly key: string;
    readonly owner: LockOwner;
    readonly expiresAt: string;
  }): Promise<void>;
  /** Does nothing where the lock is another's. */
  release(lock: { readonly key: string; readonly owner: LockOwner }): Promise<void>;
}

/** What a key stands for, and that it does. */
export interface Claim {
  readonly key: string;
  readonly runId: RunId;
  /** What was asked, or a digest of it. */
  readonly request: string;
  /** ISO 8601: from then on it stands for nothing. */
  readonly expiresAt: string;
}

/** One start for one key, whoever asks how often: used by schedules and by callers that repeat a request. */
export interface IdempotencyStore {
  /** Writes the claim, or gives the one that is there and whose time is not over. */
  claim(claim: Claim): Promise<Pick<Claim, 'runId' | 'request'> & { readonly first: boolean }>;
  /** Puts a claim in the place of that of another run. @throws `version_conflict` where another stands there */
  renew(claim: Claim, from: RunId): Promise<void>;
}

export interface Secret {
  readonly username?: string;
  readonly password: string;
}

export interface SecretStore {
  /** Makes a managed secret and gives its ARN. `name` is made of our own ids. */
  create(name: string, secret: Secret): Promise<string>;
  replace(secretArn: string, secret: Secret): Promise<void>;
  /** Read anew at each connect. @throws `secrets_unreachable`, `secret_unusable` */
  read(secretArn: string): Promise<Secret>;
  /**
   * What a rotation that is under way has set, or is about to: the version at the stage AWSPENDING. Nothing where there is
   * none. @throws as `read`
   */
  readPending(secretArn: string): Promise<Secret | undefined>;
  /** Removes a managed secret for good; one that is already gone is no error. */
  remove(secretArn: string): Promise<void>;
}

export interface WrittenObject {
  readonly versionId: string;
}

/** A multipart upload that has not ended. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
}

export interface ObjectStore {
  /**
   * Uploads parts in order of their numbers, a few at once, each with its SHA-256 for S3 to check; completes only after the
   * last part and only if no object has that key (If-None-Match). Whatever fails, the upload is aborted, after the
   * parts in flight have ended.
   * @param signal ends the upload without waiting for what S3 does not answer
   * @throws what the iterable throws; `upload_failed`; `deadline_exceeded`, or the reason of the signal where that is ours
   */
  writeParts(key: string, parts: AsyncIterable<Part>, signal?: AbortSignal): Promise<WrittenObject>;
  /**
   * Writes a small object that must not exist (If-None-Match).
   * @param signal ends the write without waiting for what S3 does not answer; what lies there by then all the same is
   * looked for within seconds, and counts @default 20 s
   * @param sha256 of the body, hex, where it is known; S3 refuses other bytes @default it is computed
   * @throws `upload_failed`, with `details.refused` where S3 said no at once, so that nothing can have been written;
   * `deadline_exceeded`, or the reason of the signal where that is ours
   */
  writeOnce(
    key: string,
    body: Buffer,
    contentType: string,
    signal?: AbortSignal,
    sha256?: string,
  ): Promise<WrittenObject>;
  /**
   * Streams bytes of one version.
   * @param range first and last byte, both inclusive, counted from 0 @default all
   * @param signal ends the reading without waiting for what S3 does not answer
   * @throws `backup_damaged` where the object or version is gone; `unavailable`; `deadline_exceeded`, or the reason of the
   * signal where that is ours
   */
  read(
    key: string,
    versionId: string,
    range?: { readonly first: number; readonly last: number },
    signal?: AbortSignal,
  ): AsyncIterable<Buffer>;
  /**
   * The newest version of each object under a prefix, in the order of their keys. One that was deleted counts as long
   * as a version of it is there.
   * @param after only keys behind this one @default all
   * @throws `unavailable`
   */
  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string } & WrittenObject>;
  /** @throws `unavailable` */
  listUploads(prefix: string): AsyncIterable<UnfinishedUpload>;
  /**
   * Ends an upload with all parts, those that arrive meanwhile too, within seconds; one that is gone is no error.
   * @throws `unavailable`
   */
  abortUpload(upload: UnfinishedUpload): Promise<void>;
  /** Removes every version and every unfinished upload under a prefix that ends with `/`. Safe to repeat. */
  removeAll(prefix: string): Promise<void>;
}

/** Short-lived download addresses. */
export interface DownloadLinks {
  /** @param fileName what the browser calls the file */
  sign(
    object: { readonly key: string; readonly versionId: string; readonly fileName: string },
    expiresInSeconds: number,
  ): Promise<string>;
}

/** Looks at a database from inside its own network. */
export interface Prober {
  /** Answers within 25 s. Failures of the database are in the report, not thrown. @throws `unavailable` */
  probe(databaseId: DatabaseId, network: string): Promise<ProbeReport>;
}

/** Names and addresses: what may be dialled is decided by core/host-rules. */
export interface Resolver {
  /** All addresses of a name; an address gives itself. @throws `host_unknown` */
  resolve(host: string): Promise<readonly string[]>;
}

/** A connection to a database server. */
export interface SqlSession {
  readonly query: Query;
  /** By which the server knows this connection. */
  readonly connectionId: string;
  close(): Promise<void>;
}
/** One over which rows travel as bytes. */
export interface RowSession extends SqlSession {
  /** One conversation at a time, and no query meanwhile. */
  readonly converse: Converse;
}
/** One that fills a schema: with statements as bytes, and with rows. */
export interface LoadSession extends RowSession, StatementSession {}
export interface SqlConnector {
  /** One connection of its own, in UTC. @throws the codes of reaching the database */
  connect(endpoint: Endpoint): Promise<SqlSession>;
  /** One connection with a default schema that takes statements as bytes. @throws the codes of reaching the database */
  openStatements(
    endpoint: Endpoint,
    schema: string,
  ): Promise<StatementSession & Pick<SqlSession, 'connectionId'>>;
  /** One connection that reads rows; a server that asks for a file gets nothing. @throws as `connect` */
  openRows(endpoint: Endpoint): Promise<RowSession>;
  /**
   * One connection with a default schema that takes LOAD DATA LOCAL too: whatever file the server asks for, it gets what
   * `converse` sends. @throws as `connect`
   */
  openLoad(endpoint: Endpoint, schema: string): Promise<LoadSession>;
  /** Lends a connection from the small pool of this database and function instance; closed on error. */
  withPooled<T>(key: string, endpoint: Endpoint, use: (query: Query) => Promise<T>): Promise<T>;
}

export type Role = 'viewer' | 'operator' | 'restorer' | 'admin';

/** An API token as it is stored: the secret half only as a keyed hash. */
export interface Token {
  readonly id: TokenId;
  readonly name: string;
  readonly role: Role;
  /** Hex of HMAC-SHA-256 under a key that never leaves KMS. */
  readonly hash: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}
export interface TokenStore {
  create(token: Token): Promise<void>;
  get(id: TokenId): Promise<Token | undefined>;
}
export interface TokenHasher {
  /** Hex. @throws `unavailable`: a request is refused, never let through */
  hash(secret: string): Promise<string>;
}

/** Signs manifests under a key that never leaves KMS. */
export interface ManifestSigner {
  /** ECDSA over P-256, as DER. @param digest SHA-256 @throws `unavailable` */
  sign(digest: Buffer): Promise<Buffer>;
  /** PEM. @throws `unavailable` */
  publicKey(): Promise<string>;
}

export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly on: string;
  readonly result: 'done' | 'refused' | 'failed';
  readonly requestId: string;
}
export interface AuditLog {
  /** Writes an entry that no role can overwrite. The action fails where its entry cannot be written. */
  record(entry: AuditEntry): Promise<void>;
}

/** Structured log lines: fixed fields, never a secret. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
