import { existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { keepVersions } from '../../../local/lambda/kept-versions.ts';
import { readStack } from '../../../local/template/model.ts';
import { writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What a template publishes whose code is `code`. */
function publish(code: string, layer = false) {
  const assembly = writeAssembly({
    ...(layer && { layer: { tool: '' } }),
    functions: { job: { code } },
    resources: {
      [`version${code}`]: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'job' } } },
    },
  });
  return { assembly, models: readStack(assembly).functions };
}
const codeOf = (model: { readonly codeFolder: string }): string =>
  readFileSync(join(model.codeFolder, 'index.mjs'), 'utf8');

/** Keeps what `code` publishes, so long ago. */
function keep(folder: string, code: string, secondsAgo = 0) {
  const { assembly, models } = publish(code);
  const earlier = keepVersions(folder, models);
  const [version] = models.filter((model) => model.version !== '$LATEST');
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, `Test-job-${version?.version}`, 'model.json'), time, time);
  rmSync(assembly, { recursive: true });
  return earlier;
}

describe('published versions', () => {
  it('are there after their template has gone, without its aliases', () => {
    const folder = temporaryFolder();
    expect(keep(folder, 'one')).toEqual([]);
    const [kept] = keep(folder, 'two');
    expect(kept).toMatchObject({ name: 'Test-job', aliases: [] });
    expect(codeOf(kept ?? { codeFolder: '' })).toBe('one');
  });

  it('are five at most of each function, the newest', () => {
    const folder = temporaryFolder();
    for (const [age, code] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) keep(folder, code, 100 - age);
    expect(keep(folder, 'g').map(codeOf)).toEqual(['f', 'e', 'd', 'c']);
    expect(keep(folder, 'g').map(codeOf)).toEqual(['f', 'e', 'd', 'c']);
  });

  it('are left out where their layer has gone', () => {
    const folder = temporaryFolder();
    const { assembly, models } = publish('one', true);
    keepVersions(folder, models);
    expect(keepVersions(folder, [])).toHaveLength(1);
    rmSync(assembly, { recursive: true });
    expect(keepVersions(folder, [])).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });
});
