import { stdoutLog } from '../../../functions/adapters/stdout-log.ts';
import { SafeBaseError } from '../../../functions/errors.ts';

function logged(write: (log: ReturnType<typeof stdoutLog>) => void): readonly string[] {
  const lines: string[] = [];
  write(stdoutLog((line) => lines.push(line)));
  return lines;
}

it('writes one line of JSON, whatever stands in a name', () => {
  const [line = '', ...more] = logged((log) => log.info('hello', { name: 'a\r\n{"level":"error"}\u2028b' }));
  expect(more).toEqual([]);
  expect(line.trimEnd()).not.toMatch(/[\r\n]/);
  expect(JSON.parse(line)).toMatchObject({
    level: 'info',
    message: 'hello',
    name: 'a\r\n{"level":"error"}\u2028b',
  });
});

it('tells an error with its causes, and nothing that hangs on it', () => {
  const foreign = Object.assign(new Error('boom'), { request: { password: 'canary' } });
  const [line = ''] = logged((log) =>
    log.error('failed', { error: new SafeBaseError('unavailable', 'no answer', { cause: foreign }) }),
  );
  expect(JSON.parse(line)).toMatchObject({
    level: 'error',
    error: { name: 'SafeBaseError', code: 'unavailable', message: 'no answer', cause: { message: 'boom' } },
  });
  expect(line).not.toContain('canary');
});
