import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openWidePipe } from '../../../../functions/engine/process/wide-pipe.ts';

/** Runs a script with the pipe as its stdout. */
async function run(script: string, batchBytes: number) {
  const { batches, childEnd } = await openWidePipe(batchBytes);
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', childEnd, 'inherit'] });
  childEnd.destroy();
  return { batches, child };
}

/** Takes everything, slower than it comes where wanted. */
async function takeAll(batches: AsyncIterable<Buffer>, pauseMs = 0): Promise<Buffer[]> {
  const taken: Buffer[] = [];
  for await (const batch of batches) {
    taken.push(Buffer.from(batch));
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return taken;
}

describe('openWidePipe', () => {
  it('gives every byte, in batches of one size', async () => {
    const { batches } = await run('head -c 1000000 /dev/zero; printf end', 4096);
    const taken = await takeAll(batches);
    expect(taken.slice(0, -1).every((batch) => batch.length === 4096)).toBe(true);
    const whole = Buffer.concat(taken);
    expect(whole.length).toBe(1_000_003);
    expect(whole.subarray(-3).toString()).toBe('end');
  });

  it('gives the same bytes to a slow reader, whose buffers are used again', async () => {
    const { batches } = await run('seq 1 400000', 100_000);
    const numbers = Array.from({ length: 400_000 }, (_, index) => index + 1);
    expect(Buffer.concat(await takeAll(batches, 5)).equals(Buffer.from(`${numbers.join('\n')}\n`))).toBe(
      true,
    );
  });

  it('ends with the child, also where that printed nothing or was killed', async () => {
    for (const script of ['true', 'printf begun; kill -9 $$']) {
      const { batches } = await run(script, 4096);
      expect(Buffer.concat(await takeAll(batches)).toString()).toBe(script === 'true' ? '' : 'begun');
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
    const { batches, child } = await run('trap "" PIPE; cat /dev/zero 2>/dev/null; exit 7', 4096);
    await batches.next();
    await batches.return();
    expect(await once(child, 'exit')).toEqual([7, null]);
  });
});
