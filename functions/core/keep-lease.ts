import { isCode, SafeBaseError } from '../errors.ts';
import type { Log, Now } from './ports.ts';

interface LeasePorts {
  readonly log: Log;
  readonly now: Now;
}

interface LeaseTerms {
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

interface Kept {
  /** What is over once the lease is: "the lease of bk_…". */
  readonly name: string;
  /** Names its owner in the log. */
  readonly owner: Readonly<Record<string, string>>;
  /** As its taker wrote it (ISO 8601). */
  readonly leaseExpiresAt: string | undefined;
  /** Gives a sign of life, by `renew`. @throws `fenced` or `wrong_state` where it is another's by now; all else is tried again */
  readonly beat: () => Promise<void>;
}

/** The hold of one worker on what it has taken. */
export interface Lease {
  /** Aborts when a sign of life is refused, or none could be given within the lease. */
  readonly lost: AbortSignal;
  /** Looks now, where a timer has not yet, and aborts `lost` if the time is over. */
  readonly look: () => void;
  /** Writes that the lease goes on. @throws `fenced`, and what `write` throws */
  readonly renew: (write: (leaseExpiresAt: string) => Promise<void>) => Promise<void>;
  /** Ends the signs of life. @throws `fenced` where it is not this worker's any more: its end is another's to write */
  readonly stop: () => Promise<void>;
}

/** Gives signs of life until `stop`. A lease that is over stays over: by then it was shown as failed, and another may have begun. */
export function keepLease({ log, now }: LeasePorts, { leaseMs, heartbeatMs }: LeaseTerms, kept: Kept): Lease {
  const lost = new AbortController();
  // One without a time is over: no comparison with NaN ever holds.
  let leaseEnd = kept.leaseExpiresAt === undefined ? 0 : Date.parse(kept.leaseExpiresAt);
  let beating = Promise.resolve();

  const requireLease = (): void => {
    if (now() >= leaseEnd) throw new SafeBaseError('fenced', `${kept.name} is over`);
  };
  const look = (): void => {
    if (now() >= leaseEnd) lost.abort(new SafeBaseError('fenced', `${kept.name} is over`));
  };
  const renew: Lease['renew'] = async (write) => {
    requireLease();
    const expires = now() + leaseMs;
    await write(new Date(expires).toISOString());
    leaseEnd = expires;
  };
  const beat = (): Promise<void> =>
    kept.beat().catch((error: unknown) => {
      if (isCode(error, 'fenced', 'wrong_state')) lost.abort(error);
      else log.error('heartbeat failed, trying again', { ...kept.owner, error });
    });
  const timer = setInterval(() => {
    // Not behind the beats: one that hangs must not hide that the lease is over.
    look();
    beating = beating.then(beat);
  }, heartbeatMs);
  return {
    lost: lost.signal,
    look,
    renew,
    stop: async () => {
      clearInterval(timer);
      // A beat that hangs after all is lost must not hold up what comes then.
      if (!lost.signal.aborted) await beating;
      lost.signal.throwIfAborted();
      requireLease();
    },
  };
}
