/** The password of the user's own database: from a private file, or typed unseen. */
import { readFileSync, statSync } from 'node:fs';
import { UsageError } from './options.ts';

/** @throws UsageError where the file can be read by others, or nobody is there to be asked */
export async function obtainPassword(question: string, file?: string): Promise<string> {
  if (file !== undefined) return fromFile(file);
  if (!process.stdin.isTTY) {
    throw new UsageError(
      'nobody is there to type a password',
      'Give --password-file with a file of mode 0600.',
    );
  }
  return typed(question);
}

function fromFile(file: string): string {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined)
    throw new UsageError(`there is no file ${file}`, 'Check the path behind --password-file.');
  if ((mode & 0o077) !== 0) {
    throw new UsageError(`other users may read ${file}`, `Run: chmod 600 ${file}`);
  }
  const password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  if (password === '') throw new UsageError(`${file} is empty`, 'Write the password into it.');
  return password;
}

const ENTER = ['\r', '\n', '\u0004'];
const INTERRUPT = '\u0003';
const ERASE = ['\u007f', '\b'];

/** Reads a line from the terminal without showing it. */
function typed(question: string): Promise<string> {
  const { stdin, stderr } = process;
  // The terminal stops showing keys before anybody is invited to type.
  stdin.setRawMode(true);
  stderr.write(question);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let password = '';
    const end = (act: () => void): void => {
      stdin.off('data', take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      act();
    };
    const take = (chunk: string): void => {
      for (const key of chunk) {
        if (ENTER.includes(key)) {
          end(() => resolve(password));
          return;
        }
        if (key === INTERRUPT) {
          end(() => reject(new UsageError('no password was typed', 'Start again.')));
          return;
        }
        password = ERASE.includes(key) ? [...password].slice(0, -1).join('') : password + key;
      }
    };
    stdin.on('data', take);
  });
}
