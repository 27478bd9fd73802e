/** The administrator's token of this machine, kept in a private file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cloud } from '../cloud.ts';
import { writePrivateFile } from '../data-folder.ts';
import { ApiError, databasePageShape, openApi } from './api-client.ts';

export interface KeptToken {
  readonly token: string;
  readonly file: string;
}

/** The token of an earlier run if it still opens the API, else a new one from the function that only IAM can invoke. */
export async function obtainToken(cloud: Cloud, dataFolder: string): Promise<KeptToken> {
  const file = join(dataFolder, 'administrator-token');
  if (existsSync(file)) {
    const token = readFileSync(file, 'utf8').trim();
    if (await opens(cloud.apiUrl, token)) return { token, file };
  }
  const made = z
    .object({ token: z.string() })
    .parse(await cloud.invoke('admin-token', { name: 'npm start on this machine', role: 'admin' }));
  writePrivateFile(file, `${made.token}\n`);
  return { token: made.token, file };
}

async function opens(apiUrl: string, token: string): Promise<boolean> {
  try {
    await openApi(apiUrl, token)({ method: 'GET', path: '/databases?limit=1', answer: databasePageShape });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}
