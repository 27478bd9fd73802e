import * as z from 'zod';
import { readConfig } from '../config.ts';
import { parseDatabaseId } from '../core/ids.ts';
import { probeDatabase } from '../core/probe-database.ts';
import { jobHandler } from '../middleware/job-handler.ts';
import { databaseStore, log, now, resolver, secretStore, sqlConnector } from '../services.ts';

const config = readConfig('probe', process.env);
const ports = {
  databases: databaseStore(config),
  secrets: secretStore(config),
  resolver: resolver(),
  connector: sqlConnector(config),
  now,
};

const payload = z.strictObject({ version: z.literal(1), databaseId: z.string() });

/** Looks at a database from inside its network and answers what it found. */
export const handler = jobHandler(
  { name: 'probe', payload, marginMs: 4_000, log: log() },
  ({ databaseId }, { deadline }) =>
    probeDatabase(ports, config.NETWORKS, parseDatabaseId(databaseId), deadline),
);
