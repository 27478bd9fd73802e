import { Architecture, Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface MysqlClientLayerProps {
  /** What is mounted at /opt, built by `npm run layer:build`. */
  readonly folder: string;
  readonly architecture: Settings['architecture'];
}

/** The dump and load tools of MariaDB and MySQL, each with its own loader and libraries. */
export class MysqlClientLayer extends LayerVersion {
  constructor(scope: Construct, id: string, { folder, architecture }: MysqlClientLayerProps) {
    super(scope, id, {
      description: 'SafeBase: clients of MariaDB and MySQL',
      code: Code.fromAsset(folder),
      compatibleArchitectures: [architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64],
    });
  }
}
