import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openWidePipe } from '../../../../functions/engine/process/wide-pipe.ts';

/** Runs a script with the pipe as its stdout. */
async function run(script: string, batchBytes: number) {
  const { output, childEnd } = await openWidePipe(batchBytes);
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', childEnd, 'inherit'] });
  childEnd.destroy();
  return { output, child };
}

describe('openWidePipe', () => {
  it('gives every byte, in batches of one size', async () => {
    const { output } = await run('head -c 1000000 /dev/zero; printf end', 4096);
    const batches: Buffer[] = [];
    output.on('data', (batch: Buffer) => batches.push(batch));
    await once(output, 'end');
    expect(batches.slice(0, -1).every((batch) => batch.length === 4096)).toBe(true);
    const whole = Buffer.concat(batches);
    expect(whole.length).toBe(1_000_003);
    expect(whole.subarray(-3).toString()).toBe('end');
  });

  it('ends with the child, also where that printed nothing or was killed', async () => {
    for (const script of ['true', 'printf begun; kill -9 $$']) {
      const { output } = await run(script, 4096);
      const batches: Buffer[] = [];
      for await (const batch of output) batches.push(batch);
      expect(Buffer.concat(batches).toString()).toBe(script === 'true' ? '' : 'begun');
    }
  });

  it('makes the child wait while nobody reads', async () => {
    const { child } = await run('head -c 100000000 /dev/zero 2>/dev/null', 4096);
    const ended = once(child, 'exit').then(() => 'ended');
    const still = new Promise((resolve) => setTimeout(resolve, 300, 'still printing'));
    expect(await Promise.race([ended, still])).toBe('still printing');
    child.kill('SIGKILL');
    expect(await ended).toBe('ended');
  });

  it('breaks the child when the reader goes', async () => {
    const { output, child } = await run('trap "" PIPE; cat /dev/zero 2>/dev/null; exit 7', 4096);
    await once(output, 'data');
    output.destroy();
    expect(await once(child, 'exit')).toEqual([7, null]);
  });
});
