import type { InstantWay } from '../engine/parallel/open-instant.ts';

/** How an instant was caught. */
export interface Snapshot {
  /** Connections that see it. */
  readonly lanes: number;
  /** `alone`: without a lock. */
  readonly way: InstantWay;
  /** For how long somebody may have waited for us, by the server's clock. */
  readonly lockMs: number;
}
