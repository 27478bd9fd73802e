import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { Prober } from '../core/ports.ts';
import type { ProbeReport } from '../core/probe-report.ts';
import { ERRORS, SafeBaseError } from '../errors.ts';

const code = z.string().refine((text) => Object.hasOwn(ERRORS, text));
const grantScript = z.object({
  account: z.string(),
  create: z.string(),
  required: z.array(z.string()),
  optional: z.array(z.object({ statement: z.string(), for: z.string() })),
});
const reportFields = z.object({
  ok: z.boolean(),
  server: z
    .object({
      product: z.enum(['mariadb', 'mysql']),
      version: z.string().max(100),
      support: z.enum(['tested', 'expected', 'unsupported']),
      identity: z.string(),
    })
    .exactOptional(),
  schemas: z.array(z.string()).exactOptional(),
  sizeBytes: z.number().exactOptional(),
  latencyMs: z.number().exactOptional(),
  missingGrants: z.array(z.string()).exactOptional(),
  grants: z.object({ backup: grantScript, restore: grantScript }).exactOptional(),
  failure: z.object({ code, reason: z.string(), hint: z.string() }).exactOptional(),
});

/** Asks the probe worker of a network profile, and waits for its answer. */
export const lambdaProber = (
  client: LambdaClient,
  workers: Readonly<Record<string, { readonly probe: string }>>,
): Prober => ({
  async probe(databaseId, network) {
    const FunctionName = workers[network]?.probe;
    if (FunctionName === undefined) {
      throw new SafeBaseError('host_refused', `the stack has no workers for the network profile ${network}`);
    }
    const Payload = Buffer.from(JSON.stringify({ version: 1, databaseId }));
    const answer = await client
      .send(new InvokeCommand({ FunctionName, InvocationType: 'RequestResponse', Payload }))
      .catch((error: unknown) => {
        throw new SafeBaseError('unavailable', `the prober of ${network} did not answer`, { cause: error });
      });
    return parseReport(answer.FunctionError, Buffer.from(answer.Payload ?? []).toString('utf8'));
  },
});

function parseReport(failed: string | undefined, payload: string): ProbeReport {
  const parsed = failed === undefined ? reportFields.safeParse(parseJson(payload)) : undefined;
  if (parsed?.success) return parsed.data as ProbeReport;
  throw new SafeBaseError('unavailable', 'the prober failed', {
    hint: 'Look at the log of the probe function.',
    cause: new Error(`probe answered ${failed ?? 'something else'}: ${payload.slice(0, 2_000)}`),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
