import { readFileSync } from 'node:fs';

interface Patience {
  /** @default 15 s */
  readonly withinMs?: number;
  /** Between two looks. @default 20 ms */
  readonly everyMs?: number;
}

/**
 * Looks again and again until there is something to see: true, or a value.
 * @param what is awaited, or tells at the end what was seen instead
 * @returns what was seen @throws Error where it has not come in time
 */
export async function waitUntil<T>(
  look: () => T | Promise<T>,
  what: string | (() => string),
  { withinMs = 15_000, everyMs = 20 }: Patience = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSeen(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`waited in vain until ${typeof what === 'string' ? what : what()}`);
    await new Promise((resume) => setTimeout(resume, everyMs));
  }
}

const isSeen = <T>(seen: T): seen is Exclude<T, false | undefined> => seen !== false && seen !== undefined;

/** Whether a process exists; one that has ended but was not waited for counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    const [, state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /);
    return !state?.startsWith('Z');
  } catch {
    return false;
  }
}
