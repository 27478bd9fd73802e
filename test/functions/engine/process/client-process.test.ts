import { readFile } from 'node:fs/promises';
import { startClient } from '../../../../functions/engine/process/client-process.ts';
import { CLIENT_PROGRAMS } from '../../../../functions/engine/sql/client-programs.ts';
import { SafeBaseError } from '../../../../functions/errors.ts';
import { isAlive } from '../../../local/wait-until.ts';
import { fakeLayer } from '../fake-layer.ts';

const endpoint = {
  host: 'localhost',
  addresses: ['127.0.0.1'],
  port: 3306,
  username: 'backup',
  password: 'canary-password',
  tls: { mode: 'off' },
} as const;

async function start(script: string, signal = new AbortController().signal) {
  const layer = await fakeLayer(script);
  const child = await startClient({
    clientRoot: layer.root,
    programs: CLIENT_PROGRAMS.mariadb,
    task: 'dump',
    flags: ['--flag'],
    endpoint,
    signal,
  });
  child.ended.catch(() => {}).finally(() => layer[Symbol.asyncDispose]());
  return child;
}

describe('startClient', () => {
  it('ends well only with code 0 and silence', async () => {
    const child = await start('echo output');
    const printed: string[] = [];
    for await (const batch of child.output) printed.push(batch.toString());
    expect(printed).toEqual(['output\n']);
    await child.ended;
  });

  it.each([
    ['a code other than 0', 'exit 3', 'dump_failed'],
    ['words on stderr with code 0', 'echo "Error: something" >&2', 'dump_failed'],
    ['a signal', 'kill -9 $$', 'dump_killed'],
    ['code 2 and silence, as where the connection breaks between two tables', 'exit 2', 'connection_lost'],
    ['a number on stderr', 'echo "x: Got error: 1045: no" >&2; exit 2', 'credentials_rejected'],
  ])('fails with %s', async (_, script, code) => {
    const child = await start(script);
    await expect(child.ended).rejects.toMatchObject({ code });
  });

  it('kills the program when the deadline comes, and says so', async () => {
    const deadline = new AbortController();
    const child = await start('exec sleep 60', deadline.signal);
    deadline.abort();
    await expect(child.ended).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(isAlive(child.pid)).toBe(false);
  });

  it('leaves the program in the group of its worker, which dies as a whole', async () => {
    const child = await start('exec sleep 60');
    const groupOf = async (pid: number) => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[4];
    expect(await groupOf(child.pid)).toBe(await groupOf(process.pid));
    child.kill(new Error('enough'));
    await expect(child.ended).rejects.toThrow('enough');
  });

  it('throws the reason of the signal where that is ours', async () => {
    const lost = new AbortController();
    const child = await start('exec sleep 60', lost.signal);
    lost.abort(new SafeBaseError('fenced', 'another worker has it'));
    await expect(child.ended).rejects.toMatchObject({ code: 'fenced' });
  });

  it('gives the password in a file without a name, and nowhere else', async () => {
    const child = await start('read -r line');
    const read = (file: string) => readFile(`/proc/${child.pid}/${file}`, 'latin1');
    const [environment, commandLine, options] = await Promise.all(['environ', 'cmdline', 'fd/3'].map(read));
    child.kill(new Error('enough'));
    await expect(child.ended).rejects.toThrow('enough');
    expect(options).toContain('canary-password');
    expect(`${environment}${commandLine}`).not.toContain('canary-password');
    expect(commandLine?.split('\0')).toEqual(
      expect.arrayContaining(['--defaults-file=/proc/self/fd/3', '--flag']),
    );
  });
});
