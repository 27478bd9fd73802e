import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/**
 * Whether a FLOAT changes when it goes through its own text: a cast to text prints it as a dump does, the cast back
 * rounds as a load does. MySQL casts to FLOAT from 8.0.17.
 */
export const roundsFloat = (server: Server, value: string): string | undefined =>
  server.info.product === 'mysql' && !isAtLeast(server.version, 8, 0, 17)
    ? undefined
    : `NOT (CAST(CAST(${value} AS CHAR) AS FLOAT) <=> ${value})`;

/** @param hex of utf32: eight digits for each character */
export const hasBeyondBmp = (hex: string): boolean =>
  (hex.match(/.{8}/g) ?? []).some((code) => code > '0000FFFF');
