/** Backup, restore and exact comparison of a real database, over the API alone. */
import type { Difference } from '../compare/compare-contents.ts';
import {
  type ApiClient,
  type Backup,
  backupShape,
  probeShape,
  type Run,
  restoreShape,
} from './api-client.ts';
import { type Comparison, compareServers } from './compare-servers.ts';
import type { ServerKind, Side } from './databases.ts';
import { followRun } from './follow-run.ts';
import { JobFailed } from './job-failed.ts';
import { step } from './progress-line.ts';
import { registerDatabase } from './register-database.ts';

/** What the job works on; both are asked for when their turn comes. */
export interface JobSides {
  readonly source: Side;
  /** Starts an empty server for what the source is. */
  readonly openCopy: (kind: ServerKind) => Promise<Side>;
}

export interface JobResult {
  readonly databaseId: string;
  readonly backup: Backup;
  readonly restore: Run;
  readonly comparison: Comparison;
}

/**
 * Runs the job and prints a line for each step.
 * @throws ApiError, JobFailed
 */
export async function runMainJob(api: ApiClient, { source, openCopy }: JobSides): Promise<JobResult> {
  const databaseId = await registerDatabase(api, source.fields);
  const kind = await testDatabase(api, databaseId);
  const copy = await step(
    'copy to',
    ({ title }) => `${title}, empty`,
    () => openCopy(kind),
  );
  const copyId = await registerDatabase(api, copy.fields);
  const backup = await backUp(api, databaseId);
  const restore = await restoreTo(api, backup.id, copyId);
  const comparison = await step(
    'compare',
    ({ differences }: Comparison) => inWords(differences),
    () => compareServers(source.reading, copy.reading, source.fields.schemas, backup.losses ?? []),
  );
  return { databaseId, backup, restore, comparison };
}

/** Connects as a backup will, and tells what server there is. */
async function testDatabase(api: ApiClient, databaseId: string): Promise<ServerKind> {
  const { server } = await step(
    'test',
    ({ server }) => `${server.version.split(' ')[0]}, ${server.support}; all rights are there`,
    async () => {
      const report = await api({ method: 'POST', path: `/databases/${databaseId}/test`, answer: probeShape });
      const { ok, server, failure, missingGrants = [] } = report;
      if (ok && server !== undefined) return { server };
      throw new JobFailed(
        `the database cannot be backed up: ${failure?.reason ?? 'its account lacks rights'}`,
        missingGrants.length > 0 ? `Run there: ${missingGrants.join('; ')}` : hintFor(failure),
      );
    },
  );
  return server;
}

/** The API's hints speak of the API; whoever typed a command has options. */
const HINTS: Readonly<Record<string, string>> = {
  credentials_rejected: 'Check the user in --database and the password.',
  schema_unknown: 'Check the schema in --database, and what its user may see.',
  tls_failed:
    'Give its CA with --tls-ca, the host as its certificate names it, or --no-tls on a network you trust.',
};

const hintFor = (failure?: { readonly code: string; readonly hint: string }): string =>
  failure === undefined ? '' : (HINTS[failure.code] ?? failure.hint);

async function backUp(api: ApiClient, databaseId: string): Promise<Backup> {
  const answer = backupShape;
  const { id } = await api({ method: 'POST', path: '/backup', answer, body: { databaseId } });
  return followRun(api, { title: 'backup', path: `/backup/${id}`, answer });
}

async function restoreTo(api: ApiClient, backupId: string, databaseId: string): Promise<Run> {
  const answer = restoreShape;
  // The embedded server runs no events: they may arrive as they are, and be compared.
  const body = { databaseId, events: 'as-stored' };
  const { id } = await api({ method: 'POST', path: `/restore/${backupId}`, answer, body });
  return followRun(api, { title: 'restore', path: `/restore/${id}`, answer });
}

const inWords = (differences: readonly Difference[]): string =>
  differences.length === 0 ? 'every definition and every row' : `${differences.length} differences`;
