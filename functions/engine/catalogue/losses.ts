import type { Query } from '../connection.ts';
import type { Loss } from '../contents.ts';
import { findDefinitionLosses } from './definition-losses.ts';
import { readTables, type TableFacts } from './loss-tables.ts';
import { findMemberLosses } from './member-losses.ts';
import type { SchemaSurvey } from './schemas.ts';
import type { Server } from './server.ts';
import { scanTable } from './value-losses.ts';

/**
 * Finds what format `sql` cannot carry exactly, where it occurs: definitions by reading them, values by one scan of
 * each table that has columns of such types. When the time is over, the losses that remain possible are given as not
 * certain.
 * @param budget.deadlineMs how long values may be looked at, over all schemas; definitions are always looked at
 */
export async function findLosses(
  query: Query,
  server: Server,
  schemas: readonly SchemaSurvey[],
  budget: { readonly deadlineMs: number },
): Promise<readonly Loss[]> {
  const endsAt = performance.now() + budget.deadlineMs;
  const remainingMs = (): number => endsAt - performance.now();
  const losses: Loss[] = [];
  const found: { readonly table: TableFacts; readonly schema: SchemaSurvey }[] = [];
  for (const schema of schemas) {
    const tables = await readTables(query, schema.contents.name);
    losses.push(...(await findDefinitionLosses(query, server, schema, tables)));
    found.push(...tables.map((table) => ({ table, schema })));
  }
  // All definitions before any value: what stops a restore must not be missed because a scan took long.
  for (const { table, schema } of found) {
    losses.push(...(await findMemberLosses(query, server, table, remainingMs)));
    losses.push(...(await scanTable(query, server, table, { history: schema.history, remainingMs })));
  }
  return losses;
}
