import { parseDatabaseId } from './ids.ts';
import type { RunFilter } from './ports.ts';
import type { RunState } from './run.ts';

/** The filter of a list as the query of a request names it. @throws `invalid_request` */
export const toRunFilter = (given: {
  readonly databaseId?: string;
  readonly state?: RunState;
  readonly from?: string;
  readonly until?: string;
}): RunFilter => ({
  ...(given.databaseId === undefined ? {} : { databaseId: parseDatabaseId(given.databaseId) }),
  ...(given.state === undefined ? {} : { states: [given.state] }),
  ...(given.from === undefined ? {} : { from: given.from }),
  ...(given.until === undefined ? {} : { until: given.until }),
});
