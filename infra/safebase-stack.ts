import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './constructs/api.ts';
import { Identity } from './constructs/identity.ts';
import { MysqlClientLayer } from './constructs/mysql-client-layer.ts';
import { Scheduler } from './constructs/scheduler.ts';
import { Signatures } from './constructs/signatures.ts';
import { Storage } from './constructs/storage.ts';
import { Workflows } from './constructs/workflows.ts';
import { grantPermissions } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface SafeBaseStackProps {
  readonly settings: Settings;
  /** The built layer: what is mounted at /opt. */
  readonly layerFolder: string;
}

/** SafeBase in one account and region; stages are stacks of their own. */
export class SafeBaseStack extends Stack {
  constructor(scope: Construct, { settings, layerFolder }: SafeBaseStackProps) {
    super(scope, `SafeBase-${settings.stage}`, {
      description: `SafeBase (${settings.stage}): backup and restore of MySQL and MariaDB`,
    });
    const secretPrefix = `safebase/${settings.stage}`;

    const storage = new Storage(this, 'storage');
    const layer = new MysqlClientLayer(this, 'mysql-client', {
      folder: layerFolder,
      architecture: settings.architecture,
    });
    const identity = new Identity(this, 'identity', { settings, storage });
    const signatures = new Signatures(this, 'signatures', { settings, storage });
    const workflows = new Workflows(this, 'workflows', { settings, storage, layer });
    const scheduler = new Scheduler(this, 'scheduler', { dispatch: workflows.dispatch });
    const api = new Api(this, 'api', { settings, storage, identity, workflows, secretPrefix });

    grantPermissions(this, {
      settings,
      secretPrefix,
      storage,
      identity,
      signatures,
      workflows,
      scheduler,
      api,
    });
  }
}
