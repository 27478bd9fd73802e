import { SafeBaseError } from '../../../errors.ts';

/** A dump that does, or might do, what no dump of one schema does. @param text the statement; its beginning is quoted */
export const refusal = (why: string, text: Buffer): SafeBaseError => {
  const start = text
    .subarray(0, 120)
    .toString('utf8')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return new SafeBaseError('dump_escapes_target', `the dump was refused: ${why}: ${start}`);
};
