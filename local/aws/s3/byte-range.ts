/** The Range header. @see https://www.rfc-editor.org/rfc/rfc9110#name-range */
import { AwsError } from '../aws-error.ts';
import { notImplemented } from './request.ts';

/** Both ends inclusive, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * @returns undefined where all is asked for; as HTTP wants, also where the header makes no sense
 * @throws AwsError `InvalidRange`
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (/^bytes=.*,/.test(header)) throw notImplemented('A Range of several ranges');
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [from = '', until = ''] = match?.slice(1) ?? [];
  if (match === null || (from === '' && until === '')) return undefined;
  const first = from === '' ? Math.max(size - Number(until), 0) : Number(from);
  const last = from === '' || until === '' ? size - 1 : Math.min(Number(until), size - 1);
  if (from !== '' && until !== '' && Number(until) < Number(from)) return undefined;
  if (first >= size || (from === '' && Number(until) === 0)) {
    throw new AwsError(416, 'InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: header,
      ActualObjectSize: String(size),
      'content-range': `bytes */${size}`,
    });
  }
  return { first, last };
}
