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
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { body } = await api('GET', `/backup/${id}`);
    if (states.includes(body.verification?.state)) return body;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${states}: ${JSON.stringify(body)}`);
    await new Promise((resume) => setTimeout(resume, 10));
  }
}
