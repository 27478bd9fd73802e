import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOnce } from '../../layers/cache.ts';

let cache: string;
let folder: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'safebase-cache-'));
  folder = join(cache, 'thing');
});
afterEach(() => rmSync(cache, { recursive: true }));

const makeText = (text: string) => (into: string) => writeFile(join(into, 'content'), text);
const content = () => readFileSync(join(folder, 'content'), 'utf8');

describe('makeOnce', () => {
  it('makes a folder on first use and finds it afterwards', async () => {
    expect(await makeOnce({ folder, recipe: 'one', make: makeText('first') })).toBe('made');
    expect(await makeOnce({ folder, recipe: 'one', make: makeText('second') })).toBe('cached');
    expect(content()).toBe('first');
  });

  it('makes it anew when it was made from something else', async () => {
    await makeOnce({ folder, recipe: 'one', make: makeText('first') });
    expect(await makeOnce({ folder, recipe: 'two', make: makeText('second') })).toBe('made');
    expect(content()).toBe('second');
  });

  it('leaves nothing that counts when the making fails, and removes the rest at the next try', async () => {
    const failing = async (into: string) => {
      await makeText('half')(into);
      throw new Error('network gone');
    };
    await expect(makeOnce({ folder, recipe: 'one', make: failing })).rejects.toThrow('network gone');
    expect(existsSync(folder)).toBe(false);
    await makeOnce({ folder, recipe: 'one', make: makeText('whole') });
    expect(content()).toBe('whole');
    expect(readdirSync(cache).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  it('puts nothing of its own into the folder', async () => {
    await makeOnce({ folder, recipe: 'one', make: makeText('first') });
    expect(readdirSync(folder)).toEqual(['content']);
  });

  it('makes it once when called twice at the same time', async () => {
    let calls = 0;
    const make = async (into: string) => {
      calls += 1;
      await makeText('once')(into);
    };
    const ways = await Promise.all([1, 2, 3].map(() => makeOnce({ folder, recipe: 'one', make })));
    expect(calls).toBe(1);
    expect(ways.sort()).toEqual(['cached', 'cached', 'made']);
  });

  it('makes it once when two processes want it, and again after one was killed in the middle', async () => {
    const killed = startMaker(3_600_000);
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const ways = await Promise.all([startMaker(0), startMaker(0)].map(lastLine));
    expect(ways.sort()).toEqual(['cached', 'made']);
    expect(content()).toBe('by a process');
  });
});

/** A process that says when it has begun to make the folder, and then what became of it. */
function startMaker(pauseMs: number) {
  const script = `
    import { makeOnce } from ${JSON.stringify(join(import.meta.dirname, '../../layers/cache.ts'))};
    import { writeFileSync } from 'node:fs';
    const make = async (into) => {
      console.log('making');
      await new Promise((resolve) => setTimeout(resolve, ${pauseMs}));
      writeFileSync(into + '/content', 'by a process');
    };
    console.log(await makeOnce({ folder: ${JSON.stringify(folder)}, recipe: 'one', make }));`;
  const node = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return node;
}

async function lastLine(child: ReturnType<typeof startMaker>): Promise<string | undefined> {
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  await once(child, 'close');
  return output.trim().split('\n').at(-1);
}
