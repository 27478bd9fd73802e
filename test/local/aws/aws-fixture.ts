/** The emulated services behind their real port, without S3, which has tests of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAccessKeys } from '../../../local/aws/access-keys.ts';
import { createAuthorize } from '../../../local/aws/authorize.ts';
import { openDynamoDb } from '../../../local/aws/dynamodb/dynamodb.ts';
import { openKms } from '../../../local/aws/kms/kms.ts';
import { openDurableExecutions } from '../../../local/aws/lambda/durable/executions.ts';
import { createSecretsManager } from '../../../local/aws/secrets-manager/secrets-manager.ts';
import { openSecretsFile } from '../../../local/aws/secrets-manager/store.ts';
import { startAwsServer } from '../../../local/aws/server.ts';
import { startFunctions } from '../../../local/lambda/functions.ts';
import { readStack } from '../../../local/template/model.ts';
import { type StackFixture, writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export interface AwsFixture {
  /** What an SDK client needs to talk to the endpoint. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly maxAttempts: number;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** @param folder where the state lies, to start again on it */
export async function startAws(fixture: StackFixture, folder = temporaryFolder()): Promise<AwsFixture> {
  const model = readStack(writeAssembly(fixture));
  const keys = openAccessKeys(join(folder, 'keys.json'));
  const log: string[] = [];
  const secrets = openSecretsFile(join(folder, 'secrets.sqlite'));
  const dynamodb = await openDynamoDb(join(folder, 'dynamodb'), model.tables);
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  const functions = startFunctions({
    models: model.functions,
    region: model.region,
    awsUrl: 'http://127.0.0.1:1',
    credentialsOf: ({ id }) => keys.of(id),
    logFolder: folder,
    temporaryFolder: join(folder, 'tmp'),
    queueFile: join(folder, 'queue.sqlite'),
    onLine: (id, line) => log.push(`${id}: ${line}`),
  });
  const executions = openDurableExecutions({
    file: join(folder, 'executions.sqlite'),
    functions,
    log: (line) => log.push(line),
  });
  const server = await startAwsServer(
    {
      port: 0,
      secretOf: keys.secretOf,
      authorize: createAuthorize(keys, model),
      targets: model,
      log: (line) => log.push(line),
    },
    () => ({
      s3: { handle: (_, response) => void response.writeHead(404).end() },
      dynamodb,
      kms: openKms(join(folder, 'kms.json'), model.keys),
      keyOfSecret: (id) => secrets.find(id)?.key ?? undefined,
      secretsManager: createSecretsManager({
        file: secrets,
        arnPrefix: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:',
        now: Date.now,
      }),
      lambda: { functions, executions },
    }),
  );
  return {
    client: { endpoint: server.url, region: 'us-east-1', maxAttempts: 1, credentials: keys.of('operator') },
    log,
    stop: async () => {
      await server.close();
      executions.close();
      await functions.stop();
      await dynamodb.close();
      secrets.close();
    },
  };
}
