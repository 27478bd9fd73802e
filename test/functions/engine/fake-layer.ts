import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A layer whose every program is one shell script: for what real programs do only on a bad day. */
export interface FakeLayer extends AsyncDisposable {
  readonly root: string;
}

/** @param script lines of `sh`; `$0` and the arguments are those of the loader */
export async function fakeLayer(script: string): Promise<FakeLayer> {
  const root = await mkdtemp(join(tmpdir(), 'safebase-fake-layer-'));
  for (const maker of ['mariadb', 'mysql']) {
    const lib = join(root, maker, 'lib');
    await mkdir(lib, { recursive: true });
    await writeFile(join(lib, 'ld-linux-fake.so.2'), `#!/bin/sh\n${script}\n`);
    await chmod(join(lib, 'ld-linux-fake.so.2'), 0o755);
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}
