/** What core asks of the workflow engine. */
import type { StartedJob } from './job-payloads.ts';

/** What starts a long job. */
export interface Workflows {
  /** Returns when the start is certain, not when the job is done. @throws `unavailable` */
  start(job: StartedJob): Promise<void>;
}
/** How a call of a worker ended, as its caller learns it. */
export type CallEnd = { readonly answered: true } | { readonly answered: false; readonly reason: string };

/**
 * What a workflow is made of: whatever dies, what has ended is not done again. Code between these runs again after each
 * death: no clock, no random value, nothing of the outside there.
 */
export interface WorkflowSteps {
  /** A short piece of work that is safe to repeat; tried again when it fails. Its result is JSON. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Runs a worker and waits for its end, however long that takes. Its death is an answer, not an error. */
  call(name: string, functionName: string, payload: object): Promise<CallEnd>;
  wait(name: string, seconds: number): Promise<void>;
}
