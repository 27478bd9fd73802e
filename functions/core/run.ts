import type { Loss, ObjectCounts, SchemaContents, ServerInfo } from '../engine/contents.ts';
import type { Definers } from '../engine/sql/rewrite-definer.ts';
import { type Failure, SafeBaseError, toFailure } from '../errors.ts';
import type { BackupFormat } from './backup-format.ts';
import type { TlsSettings } from './database.ts';
import type { BackupId, DatabaseId, RestoreId } from './ids.ts';
import type { Comparison } from './shrunk.ts';
import type { Signature } from './signature.ts';
import type { Snapshot } from './snapshot.ts';
import { type Verification, verificationAsOf } from './verification.ts';

/** The states of a backup or restore, in the order of its life. */
export type RunState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'deleting' | 'deleted';

const NEXT: Record<RunState, readonly RunState[]> = {
  queued: ['running', 'failed', 'cancelled'],
  // It stays so when whoever took over its lock fences its worker off; a restore that goes on waits for its next worker.
  running: ['running', 'queued', 'completed', 'failed', 'cancelled'],
  // A complete backup stays so when a restore of it is noted.
  completed: ['completed', 'deleting'],
  failed: ['deleting'],
  cancelled: ['deleting'],
  // It stays so when its removal is started again.
  deleting: ['deleting', 'deleted'],
  deleted: [],
};

/** Whether a run may go from one state to another; every store makes this a condition of its write. */
export const mayFollow = (from: RunState, to: RunState): boolean => NEXT[from].includes(to);

/** Whether a run in this state has yet to end. */
export const isActive = (state: RunState): boolean => state === 'queued' || state === 'running';

/** Whether somebody must still do something, and its lease says until when that should be done. */
export const isUnfinished = (state: RunState): boolean => isActive(state) || state === 'deleting';

/** What a worker is doing. A phase that moves no bytes tells its name alone. */
export interface Work {
  readonly phase: 'probe' | 'dump' | 'proof' | 'check' | 'load' | 'compare' | 'events';
  /** Bytes that went through: of SQL text, in `proof` of what is stored. */
  readonly bytesDone?: number;
  /** All of them. In `dump` the server's estimate of its rows, which the text may exceed; later the exact number. */
  readonly bytesEstimated?: number;
  /** Tables whose rows are through, and of how many. */
  readonly tablesDone?: number;
  readonly tablesTotal?: number;
  readonly rowsDone?: number;
}

/** How a run goes on, told by its heartbeat. */
export interface Progress extends Work {
  /** Measured over the last signs of life; absent until there are two in this phase. */
  readonly bytesPerSecond?: number;
  /**
   * When the bytes of this phase are done if it goes on like this (ISO 8601); what follows it comes on top. Absent where
   * nobody can tell: at a rate of 0, and where there are more bytes than were estimated.
   */
  readonly estimatedEnd?: string;
}

/** Somebody's wish that a run end. */
export interface CancelWish {
  /** A token id. */
  readonly requestedBy: string;
  readonly requestedAt: string;
}

/** How a run ends that is not completed. */
type BadEnd =
  | { readonly state: 'failed'; readonly failure: Failure }
  | { readonly state: 'cancelled'; readonly failure?: never };

interface Run {
  readonly databaseId: DatabaseId;
  readonly state: RunState;
  /** Who asked: a token id or `schedule:<id>`. */
  readonly requestedBy: string;
  /** How its database was spoken to when it was asked for: plain text must stay visible. An adopted backup does not tell. */
  readonly tls: { readonly mode: TlsSettings['mode'] | 'unknown' };
  /** The server as the last test of the database saw it; absent where there was none. */
  readonly server?: ServerInfo;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** The worker that holds this number may write; it grows with each worker that takes the run. */
  readonly fence: number;
  /** Until when the worker counts as alive, or a removal as under way (ISO 8601); absent in final states. */
  readonly leaseExpiresAt?: string;
  readonly progress?: Progress;
  readonly failure?: Failure;
  /** It came too late where the state is another than `cancelled`. */
  readonly cancel?: CancelWish;
  /** Set where lists were too long for the record; the manifest holds them whole. */
  readonly shortened?: true;
}

/** One backup of a database. Without `manifest` it is not a backup, whatever objects there may be. */
export interface Backup extends Run, Comparison {
  readonly id: BackupId;
  readonly format: BackupFormat;
  readonly manifest?: {
    readonly key: string;
    readonly versionId: string;
    readonly sha256: string;
    /** Absent until the function `sign` has been there. */
    readonly signature?: Signature;
  };
  readonly schemas?: readonly SchemaContents[];
  readonly losses?: readonly Loss[];
  /** Whoever asked for it knows that a schema holds nothing any more. */
  readonly acceptEmptied?: true;
  /** Bytes in S3, and bytes of SQL text that they hold. */
  readonly sizeBytes?: number;
  readonly dumpBytes?: number;
  /** Format `parallel`: how the instant was caught, and for how long others may have waited for that. */
  readonly snapshot?: Snapshot;
  /** As of the manifest: those before the last one have left objects that belong to no backup. */
  readonly attempts?: number;
  /** Whether the run itself read back the stored objects, and their SHA-256 matched; where not, `verification` tells. */
  readonly reread?: boolean;
  /** Set where the record was made anew from the manifest, by `reindex`. */
  readonly adopted?: true;
  /** The latest re-reading of everything; it never changes `state`. */
  readonly verification?: Verification;
  /**
   * How it ends unless its manifest is there. Set where the worker wrote that and could not find out whether it arrived:
   * then the sweeper does.
   */
  readonly unlessStored?: BadEnd;
  /** Restores that may be reading it: those that had not ended when the last of them began. */
  readonly restoring?: readonly RestoreId[];
}

/** What came of the rows of a table, read on the target as they had been read at the source. */
export interface RestoredTable {
  readonly name: string;
  readonly rows: number;
  /** Whether its fingerprint is that of the backup; `lossy`: it is not, and `losses` say why it may not be. */
  readonly content: 'same' | 'differs' | 'lossy';
}

/** A table that is restored by itself. */
export interface WantedTable {
  /** Of the source. */
  readonly schema: string;
  readonly name: string;
  /** Its name on the target @default the one that it had */
  readonly as?: string;
}

/** What came of one schema of a restore. */
export interface RestoredSchema {
  readonly source: string;
  readonly target: string;
  readonly state: 'untouched' | 'partial' | 'restored';
  /**
   * Events that ran at the source and stand switched off: all of them until everything else is proved, then those whose
   * time is over, and where `events` is `disabled` all.
   */
  readonly disabledEvents: readonly string[];
  /** What the load left out on purpose, such as "table `t`: DATA DIRECTORY". */
  readonly leftOut: readonly string[];
  /** Once they were compared, in format `parallel`; those that differ come first where the record has no room for all. */
  readonly tables?: readonly RestoredTable[];
}

/** What a dry run found, and what a restore would do. */
export interface RestorePreview {
  /** Nothing stands in its way. */
  readonly ready: boolean;
  /** All that would end it before its first write, each with its remedy. */
  readonly obstacles: readonly Failure[];
  readonly schemas: readonly {
    readonly source: string;
    readonly target: string;
    /** `replace`: what stands there, `drops`, would be dropped; `add`: `tables` would stand beside it. */
    readonly action: 'create' | 'fill' | 'replace' | 'add';
    /** Where not all of the schema is restored. */
    readonly tables?: readonly { readonly name: string; readonly as: string; readonly rows: number }[];
    /** What would be made besides, as defaults of the tables draw from it. */
    readonly sequences?: readonly string[];
    /** As `RestoredSchema` has it, as far as it can be told before. */
    readonly leftOut?: readonly string[];
    readonly drops?: ObjectCounts;
    /** Accounts that the target does not have, and as which its views and programs would run. */
    readonly unknownDefiners: readonly string[];
  }[];
  /** About how long the load would take. */
  readonly loadSeconds: number;
}

/** One restore of a backup to a database. `databaseId` is the target. */
export interface Restore extends Run {
  readonly id: RestoreId;
  readonly backupId: BackupId;
  readonly sourceDatabaseId: DatabaseId;
  /** Source schema → target schema. */
  readonly schemas: Readonly<Record<string, string>>;
  readonly overwrite: boolean;
  /** Some tables alone, which are put beside what the target schemas hold; absent: the schemas as a whole. */
  readonly tables?: readonly WantedTable[];
  /**
   * How events arrive. Absent until the worker has seen the target: beside their source (the same server, another
   * schema) they arrive disabled, elsewhere as they were.
   */
  readonly events?: 'disabled' | 'as-stored';
  /** As whom views and programs run there @default as at the source */
  readonly definers?: Definers;
  /** It writes nothing on the target: what it would do is in `preview`. */
  readonly dryRun?: true;
  readonly preview?: RestorePreview;
  /** Another worker can go on where one has ended before its time. */
  readonly goesOn?: true;
  /** Chunks that were read through, in the order of the manifest, before anything is written. */
  readonly checkedChunks?: number;
  /** Workers that have ended since the last step was done. */
  readonly workersSinceProgress?: number;
  readonly restored?: readonly RestoredSchema[];
  readonly losses?: readonly Loss[];
}

/** What the end of a run adds to its record. */
export type BackupResult = Partial<
  Pick<
    Backup,
    | 'manifest'
    | 'schemas'
    | 'losses'
    | 'comparedWith'
    | 'shrunk'
    | 'sizeBytes'
    | 'dumpBytes'
    | 'snapshot'
    | 'attempts'
    | 'reread'
    | 'verification'
    | 'shortened'
  >
>;
export type RestoreResult = Partial<
  Pick<
    Restore,
    'restored' | 'losses' | 'events' | 'preview' | 'shortened' | 'checkedChunks' | 'workersSinceProgress'
  >
>;

/** What a worker may note of either kind. */
export type RunResult = BackupResult & RestoreResult;

/** A step in the life of a run: its new state and what else changes. */
export type RunChange = { readonly state: RunState } & Partial<
  Pick<Run, 'startedAt' | 'endedAt' | 'fence' | 'leaseExpiresAt' | 'failure' | 'cancel'> &
    Pick<Backup, 'restoring' | 'unlessStored'>
> &
  RunResult;

/** The name of the lock that lets one run at a time at a record of a database. */
export const runLockKey = (databaseId: DatabaseId): string => databaseId;

/**
 * The run as it truly stands: one whose lease ran out has ended, also before anything has written that down, and looks
 * as it will by then. Only a backup whose manifest is found later is completed all the same.
 * The same holds for the verification of a backup.
 * @param now milliseconds since the epoch
 */
export function asOf<R extends Backup | Restore>(run: R, now: number): R {
  if (!isActive(run.state) || run.leaseExpiresAt === undefined || Date.parse(run.leaseExpiresAt) > now) {
    const verification = verificationOf(run);
    return verification ? { ...run, verification: verificationAsOf(verification, run.id, now) } : run;
  }
  const gone = { leaseExpiresAt: undefined, progress: undefined };
  return { ...run, ...gone, ...lostEnd(run), endedAt: run.leaseExpiresAt };
}

/** How a run ends whose lease ran out, and that left nothing complete. */
export const lostEnd = (run: Backup | Restore): BadEnd =>
  ('unlessStored' in run ? run.unlessStored : undefined) ?? { state: 'failed', failure: workerLost(run) };

/** Whether nothing has yet written down that the lease of a run is over. @param now as for `asOf` */
export const isLost = (run: Backup | Restore, now: number): boolean => asOf(run, now).state !== run.state;

export const isRestore = (run: Backup | Restore): run is Restore => 'backupId' in run;

/** A backup has one worker, which takes it from fence 0 to this. */
const FENCE_OF_WORKER = 1;

/**
 * Whether its worker can write nothing more: it has ended, or whoever took over the lock of a backup has raised the fence.
 * A restore whose lock is taken over ends by that.
 */
export const isFencedOff = (run: Backup | Restore): boolean =>
  !isActive(run.state) || (!isRestore(run) && run.fence > FENCE_OF_WORKER);

const verificationOf = (run: Backup | Restore): Verification | undefined =>
  'verification' in run ? run.verification : undefined;

/** Why a run whose lease ran out has failed. */
const workerLost = ({ id }: Backup | Restore): Failure =>
  toFailure(new SafeBaseError('worker_lost', `the worker of ${id} gave no sign of life since its lease`));
