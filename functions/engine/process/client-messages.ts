import { type ErrorCode, SafeBaseError } from '../../errors.ts';
import { codeOfServerError } from '../server-errors.ts';

/** Lines on stderr that may stand there while all is well, each with the reason why it may. */
const HARMLESS: readonly { readonly line: RegExp; readonly because: string }[] = [
  {
    line: /^-- Warning: column statistics not supported by the server\.$/,
    because: 'a server without histograms has none to lose',
  },
  {
    line: /^WARNING: no verification of server certificate will be done\./,
    because: 'this database was registered with tls off, which every answer shows',
  },
];

/** Where the programs of both makers put the number of an error. */
const NUMBERS: readonly RegExp[] = [
  /^ERROR (\d+) \(/m, // mariadb, mysql
  /Got error: (\d+):/, // the dump programs, connecting and selecting
  /Error (\d+):/, // the dump programs, reading rows
  /\((\d{4,5})\)\s*$/m, // the dump programs, "Couldn't execute '…': … (1044)"
];
/** MariaDB's programs call it an error of TLS (2026) too when a connection breaks that had long been open. */
const BROKEN_TLS = /\bError 2026:|^ERROR 2026 \(\w+\) at line \d|Couldn't execute '[\s\S]*\(2026\)\s*$/m;
/** A write of the program itself met a full disk (ENOSPC). */
const DISK_FULL = /\bErrcode: 28\b|\berrno:? 28\b/;

/** The lines that nothing explains. */
export const unexplainedLines = (stderr: string): string[] =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !HARMLESS.some((known) => known.line.test(line)));

/**
 * Both makers' dump programs exit with 2 when the server fails them. Between two tables they do so without a word: the
 * SET that they send there cannot fail but by a connection that is gone.
 * @see https://github.com/MariaDB/server/blob/11.8/client/mysqldump.cc EX_MYSQLERR, switch_character_set_results
 */
export const isSilentLoss = (code: number | null, stderr: string): boolean =>
  code === 2 && unexplainedLines(stderr).length === 0;

/**
 * The failure of a program as its stderr tells it.
 * @param otherwise the code where the number of the error is missing or says nothing more
 */
export function failureOf(
  program: string,
  status: string,
  stderr: string,
  otherwise: ErrorCode,
): SafeBaseError {
  const lines = unexplainedLines(stderr);
  const match = NUMBERS.map((pattern) => pattern.exec(lines.join('\n'))?.[1]).find((found) => found);
  const number = Number(match ?? Number.NaN);
  const isLost = BROKEN_TLS.test(stderr) && !stderr.includes('Got error: 2026');
  const known = isLost ? 'connection_lost' : codeOfServerError(number);
  const code = DISK_FULL.test(stderr) ? 'disk_full' : (known ?? otherwise);
  const line = lines.find((candidate) => NUMBERS.some((pattern) => pattern.test(candidate))) ?? lines.at(-1);
  const said = line === undefined ? 'printed nothing' : `printed: ${line.slice(0, 500)}`;
  return new SafeBaseError(code, `${program} ${status} and ${said}`, {
    details: match === undefined ? {} : { errno: number },
  });
}
