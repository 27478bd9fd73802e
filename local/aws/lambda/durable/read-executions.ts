/** What of executions is told to whoever asks: one of them, its history, or those of a function. */
import { notEmulated } from '../../json-protocol.ts';
import { invalid } from './check-updates.ts';
import type { Execution, HistoryEvent } from './operation.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html */
export const describeExecution = (execution: Execution) => ({
  ...summaryOf(execution),
  Version: execution.version,
  InputPayload: execution.payload,
  Result: execution.result,
  Error: execution.error,
});

const summaryOf = (execution: Execution) => ({
  DurableExecutionArn: execution.arn,
  DurableExecutionName: execution.name,
  FunctionArn: execution.arn.split('/')[0],
  Status: execution.status,
  StartTimestamp: execution.startedAt,
  EndTimestamp: execution.endedAt,
});

/**
 * @param events oldest first
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html
 */
export function pageOfHistory(events: readonly HistoryEvent[], query: URLSearchParams): unknown {
  const { page, NextMarker } = pageAsked(events, query);
  return { Events: query.get('IncludeExecutionData') === 'true' ? page : page.map(bare), NextMarker };
}

/** An event without what functions gave and took. */
const bare = (event: HistoryEvent): unknown =>
  JSON.parse(JSON.stringify(event, (key, value) => (key === 'Payload' ? undefined : value)));

/**
 * @param executions of one function, oldest first
 * @param version @default all of them
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_ListDurableExecutionsByFunction.html
 */
export function pageOfExecutions(
  executions: readonly Execution[],
  query: URLSearchParams,
  version: string | undefined,
): unknown {
  for (const filter of ['StartedAfter', 'StartedBefore'])
    if (query.has(filter)) throw notEmulated(`${filter} of lambda:ListDurableExecutionsByFunction`);
  const statuses = query.getAll('Statuses');
  const name = query.get('DurableExecutionName');
  const wanted = executions.filter(
    (execution) =>
      (version === undefined || execution.version === version) &&
      (name === null || execution.name === name) &&
      (statuses.length === 0 || statuses.includes(execution.status)),
  );
  const { page, NextMarker } = pageAsked(wanted, query);
  return { DurableExecutions: page.map(summaryOf), NextMarker };
}

/** The page that `Marker`, `MaxItems` and `ReverseOrder` ask for. */
function pageAsked<T>(items: readonly T[], query: URLSearchParams) {
  const ordered = query.get('ReverseOrder') === 'true' ? items.toReversed() : items;
  const from = numberIn(query, 'Marker', 0);
  const to = from + mostItems(query);
  return { page: ordered.slice(from, to), NextMarker: to < items.length ? String(to) : undefined };
}

const DEFAULT_ITEMS = 100;
const MOST_ITEMS = 1000;

export const mostItems = (query: URLSearchParams): number =>
  Math.min(numberIn(query, 'MaxItems', DEFAULT_ITEMS) || DEFAULT_ITEMS, MOST_ITEMS);

/** @throws AwsError */
export function numberIn(query: URLSearchParams, name: string, absent: number): number {
  const value = Number(query.get(name) || absent);
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${name} is not valid.`);
  return value;
}
