/** Format `sql` as the core sees it: dump a schema, read its parts back, check them, load them, then views and events. */

import type { Endpoint } from '../connection.ts';
import type { ObjectCounts, ServerInfo, TableRows } from '../contents.ts';
import type { Part, PartRecord } from '../part.ts';
import type { Definers } from './rewrite-definer.ts';

export interface DumpInput {
  /** Where the layer mysql-client is mounted. */
  readonly clientRoot: string;
  readonly endpoint: Endpoint;
  readonly product: ServerInfo['product'];
  readonly schema: string;
  /** Views that refer to something gone: the tool would stop at them. */
  readonly ignoredViews: readonly string[];
  /** Whether to keep the past of system-versioned tables (MariaDB). */
  readonly history: boolean;
  /** Whether the schema has events: asking for them fails on some names, and needs the EVENT right. */
  readonly events: boolean;
  /** Whether the server has histograms (MySQL 8 and later), which come back recomputed. */
  readonly columnStatistics: boolean;
  /** False where the server prints a table in a way that neither it nor we can read: then the text goes unchecked. */
  readonly isReadable: boolean;
  readonly zstdLevel: number;
  readonly partBytes: number;
  /** The deadline; its reason is thrown. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What a reader of a dump has seen of it. */
export interface SeenSoFar {
  /** Tables that have begun: the rows of all but the last are through. */
  readonly tables: number;
  readonly rows: number;
}

/** Called with the bytes of SQL text so far; `seen` is absent where nobody can read the text. */
export type OnProgress = (bytes: number, seen?: SeenSoFar) => void;

export interface DumpSummary {
  /** Bytes of all parts, compressed. */
  readonly sizeBytes: number;
  /** Hex, over all parts in order. */
  readonly sha256: string;
  readonly parts: readonly PartRecord[];
  /** Bytes of SQL text before compression. */
  readonly dumpBytes: number;
  readonly program: { readonly name: 'mariadb-dump' | 'mysqldump'; readonly version: string };
  /** What the statements make; absent where nobody can read them. */
  readonly found?: CheckedDump;
}

/** A dump on its way. */
export interface SchemaDump {
  /**
   * The compressed dump, zstd frames. The last part comes only after the tool has ended well, its end line was seen
   * and its stderr is explained; else this throws, and whatever was taken so far must be thrown away.
   */
  readonly parts: AsyncGenerator<Part, void, undefined>;
  /** What was dumped. @throws Error before the last part was taken */
  summary(): DumpSummary;
}

/** What a reader must know of a stored dump to trust it. */
export interface VerifiedObject {
  readonly sizeBytes: number;
  /** Hex, over all parts in order. */
  readonly sha256: string;
  readonly parts: readonly PartRecord[];
}

/** Reads a range of the stored object; both ends inclusive, counted from 0. */
export type ReadRange = (range: { readonly first: number; readonly last: number }) => AsyncIterable<Buffer>;

interface DumpReadInput {
  /** The schema's name when it was dumped. */
  readonly schema: string;
  readonly targetSchema: string;
  /** The compressed dump, as `readVerifiedParts` gives it. */
  readonly dump: AsyncIterable<Buffer>;
  /** Bytes of SQL text that the manifest promises. */
  readonly dumpBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export type CheckInput = DumpReadInput;

/** A table or view of another schema, without a right on which a statement of the dump fails. */
export interface OutsideNeed {
  /** What needs it, such as "view `v`". */
  readonly by: string;
  readonly schema: string;
  readonly table: string;
  readonly right: 'SELECT' | 'REFERENCES';
}

/** What looking through a dump found. */
export interface CheckedDump {
  readonly created: ObjectCounts;
  readonly tables: readonly TableRows[];
  /** The storage engines of its tables, in upper case. */
  readonly engines: readonly string[];
  /** The modes under which its programs and views were made. */
  readonly sqlModes: readonly string[];
  /** The collations that its statements name. */
  readonly collations: readonly string[];
  /** The names of its tables, views and sequences. */
  readonly names: readonly string[];
  readonly outsideNeeds: readonly OutsideNeed[];
  /** What the server must take in one packet. */
  readonly largestStatementBytes: number;
  /** Objects whose text names the old schema, such as "view `v`"; empty where the name stays the same. */
  readonly carriesName: readonly string[];
  /**
   * Views and triggers that are there, but not with all that belongs to them: character sets, collation, check option,
   * stand-in; and libraries that the tool could not list.
   */
  readonly halfRead: readonly string[];
}

/** One connection that takes statements as bytes: what follows a `;` is an error there, never a second statement. */
export interface StatementSession {
  /** @throws SafeBaseError as the adapter translates the driver's errors */
  run(statement: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Opens a session with the given default schema, under the credentials of the restore. */
export type OpenSession = (schema: string) => Promise<StatementSession>;

export interface LoadInput extends DumpReadInput {
  readonly clientRoot: string;
  readonly endpoint: Endpoint;
  readonly product: ServerInfo['product'];
  readonly openSession: OpenSession;
  readonly definers?: Definers | undefined;
}

/** A statement that is run by itself, and the session it was written for. */
export interface HeldStatement {
  /** What it makes, such as "view `v`". */
  readonly object: string;
  readonly text: Buffer;
  readonly session: SessionSettings;
  /** Whether it makes an event whose time may be over: then the server would drop it in the moment it is made. */
  readonly mayBeOver?: boolean;
}

/** An event that ran at the source, as statements that drop it and make it anew as it was. */
export interface StoredEvent {
  readonly name: string;
  readonly statements: readonly HeldStatement[];
}

/** What of the session a stored program or view remembers from its creation. */
export interface SessionSettings {
  readonly sqlMode: string;
  readonly characterSetClient: string;
  readonly collationConnection: string;
  readonly timeZone: string;
  /** Where the schema's own character set was switched for this object. */
  readonly databaseCollation?: { readonly characterSet: string; readonly collation: string };
}

export interface LoadedSchema {
  /** What was left out on purpose, such as "table `t`: DATA DIRECTORY". */
  readonly leftOut: readonly string[];
  readonly statements: number;
  readonly bytes: number;
  /** The views: load them with `loadViews` once every schema of the backup stands. */
  readonly views: readonly HeldStatement[];
  /** The events that ran at the source: they stand switched off until `loadEvents`, when all else is done. */
  readonly events: readonly StoredEvent[];
  /** How the dump leaves the schema's own character set, where it switched it for an object. */
  readonly databaseCollation: SessionSettings['databaseCollation'] | undefined;
}

export interface LoadViewsInput {
  readonly openSession: OpenSession;
  readonly targetSchema: string;
  readonly views: readonly HeldStatement[];
  readonly signal: AbortSignal;
}
