/** Checkpoint tokens: only the newest invocation may write, each checkpoint once and in order. */
import { randomUUID } from 'node:crypto';
import { invalid } from './check-updates.ts';

export interface Tokens {
  /** For a new invocation: whatever an earlier one still holds is worth nothing. */
  issue(arn: string): string;
  /** @throws AwsError where the token is not the newest */
  check(arn: string, token: string): void;
  /** Uses a token up and gives the next one; the same request once more gets the same answer. */
  exchange<T>(arn: string, token: string, clientToken: string | undefined, answer: (next: string) => T): T;
  /** The invocation has ended. */
  revoke(arn: string): void;
}

interface Held {
  readonly token: string;
  readonly last?: { readonly token: string; readonly clientToken: string; readonly answer: unknown };
}

export function createTokens(): Tokens {
  // Not on disk: with this process all functions end that hold one.
  const held = new Map<string, Held>();
  const check = (arn: string, token: string): void => {
    if (held.get(arn)?.token !== token) throw invalid('Invalid Checkpoint Token: it is not the newest.');
  };
  return {
    issue: (arn) => {
      const token = randomUUID();
      held.set(arn, { token });
      return token;
    },
    check,
    exchange: <T>(
      arn: string,
      token: string,
      clientToken: string | undefined,
      answer: (next: string) => T,
    ) => {
      const last = held.get(arn)?.last;
      // The answer was lost, and the SDK's client asks again.
      if (last?.token === token && last.clientToken === clientToken) return last.answer as T;
      check(arn, token);
      const next = randomUUID();
      const given = answer(next);
      held.set(arn, {
        token: next,
        ...(clientToken !== undefined && { last: { token, clientToken, answer: given } }),
      });
      return given;
    },
    revoke: (arn) => void held.delete(arn),
  };
}
