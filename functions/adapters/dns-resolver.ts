import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { setTimeout as after } from 'node:timers/promises';
import type { Resolver } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** How long the system's resolver may take; getaddrinfo has no time limit that we could set. */
const RESOLVE_TIMEOUT_MS = 5_000;

/**
 * Asks the system's resolver, so that hosts files and private zones count as they do for the dump tools.
 * @param timeoutMs how long one name may take @default 5000
 * @param lookUp asks about one name @default getaddrinfo, as Node calls it
 */
export const dnsResolver = (
  timeoutMs = RESOLVE_TIMEOUT_MS,
  lookUp: (host: string) => Promise<readonly LookupAddress[]> = (host) => lookup(host, { all: true }),
): Resolver => ({
  async resolve(host) {
    const stop = new AbortController();
    const late = after(timeoutMs, undefined, { signal: stop.signal, ref: false });
    try {
      const found = await Promise.race([lookUp(host), late.then(() => undefined)]);
      if (found === undefined) {
        throw new SafeBaseError('host_unknown', `no answer about the name ${host} within ${timeoutMs} ms`);
      }
      return found.map(({ address }) => address);
    } catch (error) {
      if (error instanceof SafeBaseError) throw error;
      throw new SafeBaseError('host_unknown', `the name ${host} has no address`, { cause: error });
    } finally {
      late.catch(() => undefined);
      stop.abort();
    }
  },
});
