import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LAPTOP_ARCHITECTURE, synthesize } from '../../local/synthesize.ts';
import { readStack } from '../../local/template/model.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Without the bundles, which take longest and are looked at elsewhere. */
const context = {
  architecture: LAPTOP_ARCHITECTURE,
  acceptLayerDrift: true,
  'aws:cdk:bundling-stacks': [],
};

describe('synthesize', () => {
  it('makes an assembly once for the same settings, and anew for others', async () => {
    const folder = join(temporaryFolder(), 'assembly');
    await expect(synthesize({ folder, context })).resolves.toBe('made');
    await expect(synthesize({ folder, context })).resolves.toBe('cached');
    await expect(synthesize({ folder, context: { ...context, stage: 'other' } })).resolves.toBe('made');
    expect(existsSync(join(folder, 'SafeBase-other.template.json'))).toBe(true);
    expect(existsSync(join(folder, 'SafeBase-dev.template.json'))).toBe(false);
  }, 120_000);

  it('tells what was wrong, and leaves no assembly behind', async () => {
    const folder = join(temporaryFolder(), 'assembly');
    const failed = synthesize({ folder, context: { ...context, zstdLevel: 99 } });
    await expect(failed).rejects.toMatchObject({
      name: 'SetUpError',
      message: expect.stringContaining('zstdLevel: '),
    });
    expect(() => readStack(folder)).toThrow();
  }, 60_000);
});
