/** Real work that needs each permission, and looks whether it was done. */
import { API_SCENARIOS } from './scenarios-api.ts';
import { BUCKET_SCENARIOS } from './scenarios-bucket.ts';
import { START_SCENARIOS } from './scenarios-starts.ts';
import { WORKER_SCENARIOS } from './scenarios-workers.ts';
import { NETWORKS } from './served-lines.ts';
import type { Scenario } from './stage.ts';

export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map<string, Scenario>([
  ...Object.entries(API_SCENARIOS),
  ...Object.entries(START_SCENARIOS),
  ...NETWORKS.flatMap((network) =>
    Object.entries(WORKER_SCENARIOS).map(([name, scenario]): [string, Scenario] => [
      `${name} in the network ${network}`,
      (stage) => scenario(stage, network),
    ]),
  ),
  ...Object.entries(BUCKET_SCENARIOS),
]);
