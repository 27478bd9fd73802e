import { SafeBaseError } from '../errors.ts';
import type { Now } from './ports.ts';
import type { Work } from './run.ts';

/** Whoever has moved no byte for this long stands still: servers, S3 and their clients answer within less. */
const STILL_MS = 10_000;

/** Follows what moves, for the reason of a run whose time runs out: too much to do, or something that waits. */
export interface Movement {
  readonly note: (work: Work) => void;
  /** The same error with where the run stood. */
  readonly explain: (deadline: SafeBaseError) => SafeBaseError;
}

export function followMovement(now: Now): Movement {
  let last: { readonly work: Work; readonly movedAt: number } | undefined;
  return {
    note: (work) => {
      const hasMoved = last?.work.phase !== work.phase || last.work.bytesDone !== work.bytesDone;
      last = { work, movedAt: last === undefined || hasMoved ? now() : last.movedAt };
    },
    explain: (deadline) => {
      if (last === undefined) return deadline;
      const { phase, bytesDone } = last.work;
      const stillMs = now() - last.movedAt;
      const { code, message, details } = deadline;
      const place = bytesDone === undefined ? phase : `${phase}, ${bytesDone} bytes done`;
      if (stillMs < STILL_MS) {
        const { hint } = deadline;
        return new SafeBaseError(code, `${message} (${place})`, { cause: deadline, hint, details });
      }
      const seconds = Math.floor(stillMs / 1_000);
      return new SafeBaseError(code, `${message}, and nothing had moved for ${seconds} s (${place})`, {
        cause: deadline,
        hint: 'Look with SHOW PROCESSLIST on the server for what held it up, such as a lock; where there is nothing, at the network. Then run again.',
        details,
      });
    },
  };
}
