import type { StartedJob } from '../../functions/core/job-payloads.ts';
import type { Log } from '../../functions/core/ports.ts';
import type { Workflows } from '../../functions/core/workflow-ports.ts';

/** Notes what would have been started; `refuse` makes the next starts fail. */
export function recordingWorkflows(): Workflows & {
  readonly started: StartedJob[];
  refuse?: Error | undefined;
} {
  const workflows: Workflows & { readonly started: StartedJob[]; refuse?: Error | undefined } = {
    started: [],
    async start(job) {
      if (workflows.refuse) throw workflows.refuse;
      workflows.started.push(job);
    },
  };
  return workflows;
}

/** Notes what was logged. */
export function recordingLog(): Log & {
  readonly lines: { readonly message: string; readonly fields: object }[];
} {
  const lines: { readonly message: string; readonly fields: object }[] = [];
  const note: Log['info'] = (message, fields = {}) => {
    lines.push({ message, fields });
  };
  return { lines, info: note, error: note };
}
