import { readFileSync } from 'node:fs';

const DEADLINE_MS = 15_000;
const LOOK_AGAIN_MS = 20;

/** Waits for a condition, and fails when it has not come true in time. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MS));
  }
}

/** Whether a process exists; one that has ended but was not waited for counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    const [, state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /);
    return !state?.startsWith('Z');
  } catch {
    return false;
  }
}
