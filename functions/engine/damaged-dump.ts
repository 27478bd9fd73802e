import { SafeBaseError } from '../errors.ts';

/** What lies in the store is not what was put there. @param what follows "the stored dump is damaged: " */
export const damagedDump = (what: string, cause?: unknown): SafeBaseError =>
  new SafeBaseError('backup_damaged', `the stored dump is damaged: ${what}`, { cause });
