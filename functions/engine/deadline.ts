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
