/** How to reach one database server: checked, resolved, with the password in memory only. */
export interface Endpoint {
  /** The name that the user gave; TLS is verified against it. */
  readonly host: string;
  /** Every address that the name resolved to, all of them allowed; the first is the one to dial. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `ca` is PEM text; absent means the layer's bundle of public CAs and Amazon's. */
  readonly tls: { readonly mode: 'verify' | 'off'; readonly ca?: string };
}

/** A row with lower-case column names; every value as the server's text, so that no number is ever rounded. */
export type SqlRow = Readonly<Record<string, string | null>>;

/**
 * Sends one statement and gives its rows. Values are bound as `?`, never concatenated.
 * @throws SafeBaseError as the adapter translates the driver's errors
 */
export type Query = (sql: string, values?: readonly (string | number | null)[]) => Promise<readonly SqlRow[]>;

/** Quotes a name for SQL; the only function that does. */
export const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
