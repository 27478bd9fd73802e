import { createHash } from 'node:crypto';
import { isCode, SafeBaseError } from '../errors.ts';
import type { IdempotencyStore, Now, RunStore } from './ports.ts';
import { asOf, type Backup, type Restore } from './run.ts';

interface OncePorts {
  readonly idempotency: IdempotencyStore;
  readonly now: Now;
}

/** How an order becomes a run: `startsBackup` and `startsRestore` give it. */
export interface Starts<R extends Backup | Restore> {
  readonly runs: Pick<RunStore<R>, 'get'>;
  readonly newId: () => R['id'];
  readonly parseId: (id: string) => R['id'];
  readonly start: (id: R['id']) => Promise<R>;
}

/** A request that its caller may repeat, because an answer can be lost. */
export interface Repeatable {
  /** Its `Idempotency-Key`. @default none: each call is a start of its own */
  readonly key: string | undefined;
  /** Whose key it is: two callers may choose the same. */
  readonly principalId: string;
  /** How long the key is known (ms). @default a day */
  readonly rememberMs?: number;
  /** All that is asked for: path and checked body. */
  readonly request: object;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Starts a run once for each key: whoever repeats the request gets the run that the first one made, as it is now. A start
 * that was refused, or that never began, is no such run: its repetition starts.
 * @throws `idempotency_key_reused` where the key came with another request, and what `start` throws
 */
export async function startOnce<R extends Backup | Restore>(
  ports: OncePorts,
  starts: Starts<R>,
  asked: Repeatable,
): Promise<R> {
  const { key, principalId, request, rememberMs = DAY_MS } = asked;
  if (key === undefined) return starts.start(starts.newId());
  const claim = {
    key: `${principalId}/${digest(key)}`,
    runId: starts.newId(),
    request: digest(canonical(request)),
    expiresAt: new Date(ports.now() + rememberMs).toISOString(),
  };
  const standing = await ports.idempotency.claim(claim);
  if (standing.request !== claim.request)
    throw new SafeBaseError('idempotency_key_reused', 'this Idempotency-Key came with another request');
  const id = starts.parseId(standing.runId);
  const made = standing.first ? undefined : await starts.runs.get(id);
  if (made === undefined) return startAs(ports, starts, id);
  if (!neverBegan(made)) return asOf(made, ports.now());
  try {
    await ports.idempotency.renew(claim, id);
  } catch (error) {
    // Another repetition did so first: its run is the answer.
    if (isCode(error, 'version_conflict')) return startOnce(ports, starts, asked);
    throw error;
  }
  return startAs(ports, starts, claim.runId);
}

/** No id makes two runs: of repetitions that meet, one makes the record, and the others find it. */
async function startAs<R extends Backup | Restore>(
  ports: OncePorts,
  { runs, start }: Starts<R>,
  id: R['id'],
): Promise<R> {
  try {
    return await start(id);
  } catch (error) {
    const made = isCode(error, 'version_conflict') ? await runs.get(id) : undefined;
    if (made === undefined) throw error;
    return asOf(made, ports.now());
  }
}

/** A record of which no worker ever heard, and none will: where only its time is over, one may be taking it right now. */
const neverBegan = ({ state, startedAt }: Backup | Restore): boolean =>
  state === 'failed' && startedAt === undefined;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The same text for the same request, in whatever order its fields came. */
const canonical = (request: object): string =>
  JSON.stringify(request, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
