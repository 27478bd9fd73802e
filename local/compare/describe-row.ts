/** A row in one line for people. */
import { hash } from 'node:crypto';
import type { RawValue } from './connect.ts';

/** Values longer than this are shown by their beginning, their length and the beginning of their SHA-256. */
const SHOWN_BYTES = 40;

/** `{id=1, name=Zoë, photo=0x89504E47… (20480 bytes, sha256 1a2b3c4d…)}` */
export const describeRow = (labels: readonly string[], values: readonly RawValue[]): string =>
  `{${values.map((value, at) => `${labels[at] ?? '?'}=${describeValue(value)}`).join(', ')}}`;

function describeValue(value: RawValue): string {
  if (value === null) return 'NULL';
  if (value.length <= SHOWN_BYTES) return shown(value);
  const sum = hash('sha256', value, 'hex').slice(0, 8);
  return `${shown(value.subarray(0, SHOWN_BYTES))}… (${value.length} bytes, sha256 ${sum}…)`;
}

function shown(value: Buffer): string {
  const text = value.toString('utf8');
  const printable = !/[\p{Cc}\uFFFD]/u.test(text);
  return printable ? text : `0x${value.toString('hex').toUpperCase()}`;
}
