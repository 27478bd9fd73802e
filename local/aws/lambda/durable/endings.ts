/** Ends executions, and tells those who wait for that. */
import type { Functions } from '../../../lambda/functions.ts';
import { type ExecutionEnd, endExecution } from './change-execution.ts';
import type { Execution, HistoryEvent } from './operation.ts';
import type { ExecutionStore } from './store.ts';

export interface Endings {
  /** Ends an execution; one that has ended keeps its end. @param events what happened right before */
  finish(arn: string, end: ExecutionEnd, events?: readonly HistoryEvent[]): void;
  /** Settles when the execution has ended. */
  ended(arn: string): Promise<Execution>;
}

interface EndingsSetUp {
  readonly store: ExecutionStore;
  readonly functions: Functions;
  readonly now: () => number;
  /** Told of each end before those who wait. */
  readonly over: (arn: string) => void;
}

const DEFAULT_RETENTION_DAYS = 14;

export function createEndings({ store, functions, now, over }: EndingsSetUp): Endings {
  const waiting = new Map<string, ((execution: Execution) => void)[]>();
  return {
    finish: (arn, end, events = []) => {
      const execution = store.find(arn);
      const days = functions.find(execution?.functionName ?? '', execution?.version)?.durable?.retentionDays;
      endExecution(store, arn, end, days ?? DEFAULT_RETENTION_DAYS, now(), events);
      over(arn);
      const ended = store.find(arn);
      for (const tell of waiting.get(arn) ?? []) if (ended !== undefined) tell(ended);
      waiting.delete(arn);
    },
    ended: (arn) =>
      new Promise((tell) => {
        const execution = store.find(arn);
        if (execution !== undefined && execution.status !== 'RUNNING') return tell(execution);
        waiting.set(arn, [...(waiting.get(arn) ?? []), tell]);
      }),
  };
}
