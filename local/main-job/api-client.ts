/** The API as its users see it: HTTPS and a bearer token, nothing else. */
import { z } from 'zod';

/** A refusal of the API, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;

  constructor(status: number, problem: Problem) {
    super(`${problem.title}: ${problem.detail ?? ''}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint ?? '';
  }
}

const problemShape = z.object({
  title: z.string(),
  code: z.string(),
  detail: z.string().optional(),
  hint: z.string().optional(),
});
type Problem = z.output<typeof problemShape>;

/** What `npm start` reads of the answers. */
const failure = z.object({ code: z.string(), reason: z.string(), hint: z.string() });
const run = {
  id: z.string(),
  state: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  progress: z
    .object({
      phase: z.string(),
      bytesDone: z.number().optional(),
      bytesEstimated: z.number().optional(),
    })
    .optional(),
  failure: failure.optional(),
  losses: z
    .array(
      z.object({
        kind: z.string(),
        schema: z.string(),
        object: z.string(),
        column: z.string().optional(),
        effect: z.string(),
        certain: z.boolean(),
      }),
    )
    .optional(),
};
export const backupShape = z.object({
  ...run,
  sizeBytes: z.number().optional(),
  dumpBytes: z.number().optional(),
  /** Read back by the run itself; otherwise its verification tells. */
  reread: z.boolean().optional(),
  verification: z
    .object({ state: z.string(), endedAt: z.string().optional(), failure: failure.optional() })
    .optional(),
});
export const restoreShape = z.object(run);
export const databaseShape = z.object({ id: z.string(), name: z.string(), version: z.int() });
export const databasePageShape = z.object({
  items: z.array(databaseShape),
  nextCursor: z.string().optional(),
});
export const probeShape = z.object({
  ok: z.boolean(),
  server: z.object({ product: z.string(), version: z.string(), support: z.string() }).optional(),
  missingGrants: z.array(z.string()).optional(),
  failure: failure.optional(),
});

export type Backup = z.output<typeof backupShape>;
export type Run = z.output<typeof restoreShape>;
export type Loss = NonNullable<Run['losses']>[number];

interface ApiCall<T> {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly answer: z.ZodType<T>;
  readonly body?: unknown;
  /** The version of the record that the caller has read. */
  readonly ifMatch?: number;
}

/** Calls the API. @throws ApiError for every answer that is not a success */
export type ApiClient = <T>(call: ApiCall<T>) => Promise<T>;

/** Longer than the longest request of the API. */
const DEADLINE_MS = 40_000;

export const openApi =
  (url: string, token: string): ApiClient =>
  async ({ method, path, answer, body, ifMatch }) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (response.ok) return answer.parse(JSON.parse(text));
    throw new ApiError(response.status, readProblem(response.status, text));
  };

/** The gateway's own answers are not problems of the API. */
function readProblem(status: number, text: string): Problem {
  try {
    return problemShape.parse(JSON.parse(text));
  } catch {
    return { title: `The API answered ${status}`, code: 'gateway', detail: text.slice(0, 200) };
  }
}
