/** What requests and answers are made of. */
import * as z from 'zod';

// Quotes, backticks, control characters (so also CR and LF), line separators, lone surrogates, and all beyond the BMP:
// MySQL's identifiers cannot hold the last, and nobody needs the others in a name that is typed into `confirm`.
export const PLAIN = /^[^'"`\p{Cc}\u2028\u2029\u{D800}-\u{DFFF}\u{10000}-\u{10FFFF}]+$/u;
export const NO_CONTROL = /^[^\p{Cc}\u2028\u2029\u{D800}-\u{DFFF}]+$/u;
const SYSTEM_SCHEMAS = ['mysql', 'sys', 'information_schema', 'performance_schema'];

export const text = z.string();
export const plainText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(PLAIN, 'must hold no quotes, backticks, control characters or 4-byte characters')
    .refine((given) => given.trim() === given, 'must not begin or end with a space');
export const idOf = (prefix: 'db' | 'bk' | 'rs') =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`));
/** @see https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html */
export const schemaName = plainText(64).refine(
  (name) => !SYSTEM_SCHEMAS.includes(name.toLowerCase()),
  'must not be a schema of the server itself',
);
export const states = z.enum([
  'queued',
  'running',
  'completed',
  'failed',
  'cancelled',
  'deleting',
  'deleted',
]);
