import { synthesized } from './synthesized.ts';

const drift = ['mariadb-client (trixie): locked 1:11.8.3 0123456789ab, built 1:11.8.6 ba9876543210'];

describe('the synthesis', () => {
  it.each([
    [
      'without a built layer, with the command that builds it',
      { layer: { built: false } },
      'npm run layer:build -- arm64',
    ],
    ['with a layer that drifted from its lock, with the packages', { layer: { drift } }, drift[0]],
    ['with a layer that drifted, with the ways out', { layer: { drift } }, 'npm run layer:lock'],
    ['with a wrong setting', { context: { zstdLevel: 99 } }, 'zstdLevel'],
  ])(
    'stops %s',
    async (_, wish, message) => {
      await expect(synthesized(wish)).rejects.toThrow(message);
    },
    60_000,
  );

  it('stops for what cdk-nag and CloudFormation find, whatever the context says', async () => {
    const context = {
      '@aws-cdk/core:validateAgainstDefaultRules': false,
      '@aws-cdk/core:strictCfnValidateErrors': false,
    };
    const printed = await synthesized({ mistakes: true, context }).catch(String);
    expect(printed).toContain('AwsSolutions-IAM5[Action::s3:*]');
    expect(printed).toContain('nodejs1.x');
  }, 60_000);
});
