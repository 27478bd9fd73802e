import { SafeBaseError } from '../../errors.ts';
import { codeOfServerError } from '../server-errors.ts';

/** The server sent something that the protocol does not allow here. @param what follows "the server's answer " */
export const brokenAnswer = (what: string): SafeBaseError =>
  new SafeBaseError('query_failed', `the server's answer ${what}`);

/**
 * The error that an ERR packet tells. The server's text may hold values of rows: it stays in the cause, which is only
 * logged. `details.errno` is the server's number.
 * @param doing what the statement was for, such as "reading rows"
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html
 */
export function serverError(packet: Buffer, doing: string): SafeBaseError {
  const number = packet.length >= 3 ? packet.readUInt16LE(1) : 0;
  // A mark and five letters of SQLSTATE stand before the text.
  const text = packet.subarray(packet[3] === 0x23 ? 9 : 3).toString();
  return new SafeBaseError(
    codeOfServerError(number) ?? 'query_failed',
    `${doing} failed on the server (error ${number})`,
    {
      cause: new Error(text),
      details: { errno: number },
    },
  );
}
