import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type LayerStatus, layerStatus } from '../layers/mysql-client/status.ts';
import { SetUpError } from '../layers/set-up-error.ts';
import { SafeBaseStack } from './safebase-stack.ts';
import { readSettings, type Settings } from './settings.ts';

/** Whatever a caller's context says: a finding of CloudFormation's or AWS Solutions' rules is an error. */
const FIXED_CONTEXT = {
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  // Findings of severity warning too, such as a run time that Lambda does not have.
  '@aws-cdk/core:strictCfnValidateErrors': true,
};

export interface AppOptions {
  /** Beside what the CDK passes in CDK_CONTEXT_JSON. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** @default CDK_OUTDIR, else cdk.out */
  readonly outdir?: string;
  /** Looks at the built layer. @default that of the project's cache */
  readonly layerOf?: (architecture: Settings['architecture']) => LayerStatus;
}

/**
 * The app with its one stack, ready to synthesize.
 * @throws SetUpError where the settings are wrong, or the layer is not built or not the locked one
 */
export function buildApp({ context = {}, outdir, layerOf = layerStatus }: AppOptions = {}): App {
  const app = new App({
    context: { ...context },
    postCliContext: FIXED_CONTEXT,
    analyticsReporting: false,
    ...(outdir !== undefined && { outdir }),
  });
  const settings = readSettings(app.node.getAllContext());
  const layerFolder = usableLayer(layerOf(settings.architecture), settings);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  new SafeBaseStack(app, { settings, layerFolder });
  return app;
}

function usableLayer(layer: LayerStatus, { acceptLayerDrift }: Settings): string {
  const command = `${layer.buildCommand} -- ${layer.architecture}`;
  if (!layer.built) {
    throw new SetUpError(`the layer mysql-client for ${layer.architecture} is not built`, {
      hint: `Run ${command}.`,
    });
  }
  if (layer.drift.length > 0 && !acceptLayerDrift) {
    throw new SetUpError(
      `the layer mysql-client differs from layers/mysql-client/layer.lock.json\n  ${layer.drift.join('\n  ')}`,
      {
        hint: 'Review and lock it with npm run layer:lock, or deploy it as it is with -c acceptLayerDrift=true.',
      },
    );
  }
  return layer.folder;
}
