import type { ServerInfo } from '../engine/contents.ts';
import type { DatabaseId } from './ids.ts';

/** Where a password comes from: a secret that SafeBase made (`managed`) or one that the user keeps. */
export interface Credentials {
  /** Absent where the secret itself names the user, as RDS-managed secrets do. */
  readonly username?: string;
  readonly secretArn: string;
  readonly managed: boolean;
}

/** `verify` checks certificate and name; `off` speaks plain text and is shown in every answer. */
export interface TlsSettings {
  readonly mode: 'verify' | 'off';
  /** PEM of the CA to trust instead of the public ones and Amazon's. */
  readonly ca?: string;
}

/** A registered database: one server address with one or more schemas. */
export interface Database {
  readonly id: DatabaseId;
  /** What people call it; a label, never a key or path. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Schema names, or all that are not the system's. */
  readonly schemas: readonly string[] | 'all';
  /** The name of a network profile of the stack. */
  readonly network: string;
  readonly tls: TlsSettings;
  readonly backupCredentials: Credentials;
  readonly restoreCredentials?: Credentials;
  readonly server?: ServerInfo;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Counts the changes; the ETag of the record. */
  readonly version: number;
}
