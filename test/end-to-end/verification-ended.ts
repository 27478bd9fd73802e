import { waitUntil } from '../local/wait-until.ts';
import type { Answer, ApiCalls } from './laptop.ts';

const DEADLINE_MS = 120_000;

/** Waits until the latest verification of a backup has come to an end. @returns the backup */
export const verificationEnded = (laptop: ApiCalls, id: string): Promise<Answer['body']> =>
  verificationIs(laptop, id, ['passed', 'failed']);

/** Waits until the latest verification of a backup is in one of these states. @returns the backup */
export async function verificationIs(
  { api }: ApiCalls,
  id: string,
  states: readonly string[],
): Promise<Answer['body']> {
  let body: Answer['body'];
  const isThere = async (): Promise<boolean> => {
    ({ body } = await api('GET', `/backup/${id}`));
    return states.includes(body.verification?.state);
  };
  const what = (): string => `it is ${states}: ${JSON.stringify(body)}`;
  await waitUntil(isThere, what, { withinMs: DEADLINE_MS, everyMs: 10 });
  return body;
}
