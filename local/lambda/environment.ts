import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionModel } from '../template/functions.ts';

/**
 * The environment of a function: the template's variables and what Lambda adds. Nothing of the
 * shell that started the local cloud gets in.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function functionEnvironment(
  model: FunctionModel,
  cloud: {
    readonly region: string;
    readonly awsUrl: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  },
): Record<string, string> {
  const given = Object.entries(model.environment).map(([name, value]) => [name, mounted(value, model)]);
  return {
    ...Object.fromEntries(given),
    _HANDLER: model.handler,
    LAMBDA_TASK_ROOT: model.codeFolder,
    AWS_REGION: cloud.region,
    AWS_DEFAULT_REGION: cloud.region,
    AWS_ENDPOINT_URL: cloud.awsUrl,
    AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: model.name,
    AWS_LAMBDA_FUNCTION_VERSION: model.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: model.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: `[${model.version}]local`,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}

/**
 * Lambda mounts layers at /opt. Without root nothing can be mounted there, so a variable that points into /opt is
 * given the layer's folder on disk instead: the one thing that a function can see to be different here.
 */
function mounted(value: string, model: FunctionModel): string {
  if (!value.startsWith('/opt/')) return value;
  const inside = value.slice('/opt/'.length);
  const places = model.layerFolders.map((folder) => join(folder, inside));
  // A later layer covers an earlier one.
  const place = places.findLast((candidate) => existsSync(candidate));
  if (place === undefined) throw new Error(`no layer of ${model.id} holds ${value}`);
  return place;
}
