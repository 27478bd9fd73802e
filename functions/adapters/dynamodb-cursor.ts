import { createHash } from 'node:crypto';
import * as z from 'zod';
import { SafeBaseError } from '../errors.ts';

/** What a cursor remembers: the last record that was looked at, and a digest of the filters it belongs to. */
const cursorFields = z.strictObject({ after: z.string(), of: z.string() });

const digest = (list: string): string => createHash('sha256').update(list).digest('base64url').slice(0, 12);

/** @param list names the list and its filters; a cursor works with the same ones only */
export const toCursor = (list: string, after: string): string =>
  Buffer.from(JSON.stringify({ after, of: digest(list) })).toString('base64url');

/**
 * The id after which the next page begins.
 * @param ids what ids of this list look like: a cursor comes from outside, and may say anything
 * @throws `bad_cursor`
 */
export function fromCursor(list: string, cursor: string, ids: RegExp): string {
  const parsed = cursorFields.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (parsed.success && parsed.data.of === digest(list) && ids.test(parsed.data.after)) {
    return parsed.data.after;
  }
  throw new SafeBaseError('bad_cursor', 'the cursor is not one of this list');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
