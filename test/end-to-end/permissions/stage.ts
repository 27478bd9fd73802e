/** A laptop with two networks and every setting that grants, on which permissions can be watched and taken away. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AllowedUse } from '../../../local/aws/authorize.ts';
import type { Cloud } from '../../../local/cloud.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import type { Template } from '../assembly.ts';
import { type Laptop, startLaptop } from '../laptop.ts';
import { operatorConfig, operatorS3 } from '../operator.ts';
import { SHORT_LEASE } from '../scene.ts';
import { type MeddlingProxy, startMeddlingProxy } from './meddling-proxy.ts';
import { CONTEXT, linesThatAllow, splitStatements } from './served-lines.ts';

export interface Stage {
  readonly laptop: Laptop;
  readonly server: RunningServer;
  /** On the way of every function to S3 and DynamoDB. */
  readonly proxy: MeddlingProxy;
  /** Of whoever runs the cloud. */
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
  /** Every line that is served, in the words of infra/permissions.txt. */
  readonly lines: readonly string[];
  /** What functions have logged as errors, each with its id before it. */
  readonly errors: readonly string[];
  /** The lines that were asked for since the last call of this, each as the only one that allowed some use. */
  takeUsed(): ReadonlySet<string>;
  /** Takes one line away until it is given back. @returns gives it back, and tells how many uses were denied by that */
  without(line: string): () => number;
  close(): Promise<void>;
}

/** @throws where the work was not done as it should be */
export type Scenario = (stage: Stage) => Promise<void>;

/** Small enough for a backup of noise to leave the reading back to its verification. */
const SETTINGS = { ...SHORT_LEASE, REREAD_LIMIT_BYTES: '100000' };

export async function openStage(): Promise<Stage> {
  const proxy = await startMeddlingProxy();
  let lines: readonly string[] = [];
  const change = (template: Template): void => {
    lines = splitStatements(template);
    leadBy(proxy.port, template);
  };
  const deploy = { folder: 'assembly-permissions', context: CONTEXT };
  const errors: string[] = [];
  const log = (source: string, line: string): void => {
    if (line.includes('"level":"error"')) errors.push(`${source} ${line}`);
  };
  const watch = watchLines();
  const begin = (cloud: Cloud): void => {
    watch.begin(cloud, lines);
    proxy.lead(Number(new URL(cloud.awsUrl).port));
  };
  const changes = { settings: SETTINGS, deploy, change };
  const laptop = await startLaptop(changes, { alsoAsk: watch.alsoAsk, log, begin });
  const { cloud } = laptop;
  const server = await startServer({
    engine: await obtainEngine('mariadb-11.8'),
    dataFolder: temporaryFolder(),
  });
  const s3 = operatorS3(cloud);
  const dynamodb = new DynamoDBClient(operatorConfig(cloud));
  const secrets = new SecretsManagerClient(operatorConfig(cloud));
  return {
    laptop,
    server,
    proxy,
    s3,
    dynamodb,
    secrets,
    lines,
    errors,
    takeUsed: watch.takeUsed,
    without: watch.without,
    close: async () => {
      for (const client of [s3, dynamodb, secrets]) client.destroy();
      await cloud.stop();
      proxy.close();
      await server.kill();
    },
  };
}

function leadBy(port: number, template: Template): void {
  const way = `http://127.0.0.1:${port}`;
  for (const { Type: type, Properties: properties } of Object.values(template.Resources)) {
    if (type !== 'AWS::Lambda::Function' || properties.Environment === undefined) continue;
    const ways = { AWS_ENDPOINT_URL_S3: way, AWS_ENDPOINT_URL_DYNAMODB: way };
    Object.assign(properties.Environment.Variables, ways);
  }
}

function watchLines() {
  let served: { readonly cloud: Cloud; readonly lines: readonly string[] } | undefined;
  let used = new Set<string>();
  let removed: { readonly line: string; denied: number } | undefined;
  return {
    begin: (cloud: Cloud, lines: readonly string[]): void => {
      served = { cloud, lines };
    },
    alsoAsk: (use: AllowedUse): boolean => {
      if (served === undefined) return true;
      const [line, ...others] = linesThatAllow(served.lines, served.cloud.stack, use);
      if (line === undefined) throw new Error(`no line allows ${JSON.stringify(use)}`);
      if (others.length > 0) return true;
      used.add(line);
      if (line !== removed?.line) return true;
      removed.denied += 1;
      return false;
    },
    takeUsed: (): ReadonlySet<string> => {
      const taken = used;
      used = new Set();
      return taken;
    },
    without: (line: string) => {
      const ours = { line, denied: 0 };
      removed = ours;
      return () => {
        removed = undefined;
        return ours.denied;
      };
    },
  };
}
