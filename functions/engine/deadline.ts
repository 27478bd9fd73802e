import { SafeBaseError } from '../errors.ts';

/** Why a signal ends the work: its own reason where that is ours, else that the time is over. */
export const reasonOf = (signal: AbortSignal): SafeBaseError =>
  signal.reason instanceof SafeBaseError
    ? signal.reason
    : new SafeBaseError('deadline_exceeded', 'the time of this run is over', { cause: signal.reason });

/** @throws `deadline_exceeded`, or the reason of the signal where that is ours */
export function throwIfOver(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

/** Waits for work that hears no signal; what comes of it later counts for nothing. @throws as `throwIfOver` */
export async function endingWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(reasonOf(signal));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  work.catch(() => {});
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

/**
 * Opens something, works with it, closes it. At the end of the time it is closed at once, so that nobody waits for a
 * statement that hangs, and the reason is thrown whatever came of the work.
 * @throws as `throwIfOver`, and what the two give
 */
export async function withOpen<S extends { close(): Promise<void> }, T>(
  signal: AbortSignal,
  open: () => Promise<S>,
  use: (opened: S) => Promise<T>,
): Promise<T> {
  throwIfOver(signal);
  const opened = await open();
  const close = () => opened.close().catch(() => {});
  signal.addEventListener('abort', close, { once: true });
  try {
    throwIfOver(signal);
    return await use(opened);
  } catch (error) {
    throwIfOver(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    await close();
  }
}
