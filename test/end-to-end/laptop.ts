/** The deployed template, served on loopback, as every end-to-end test uses it: over HTTP, with no short cut. */
import { readFileSync } from 'node:fs';
import { type Cloud, type CloudSetUp, startCloud } from '../../local/cloud.ts';
import type { RunningServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { waitUntil } from '../local/wait-until.ts';
import { assemblyIn, type WorkerChanges } from './assembly.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely; their shapes are the API's own tests
  readonly body: any;
}

export interface Laptop extends ApiCalls {
  readonly cloud: Cloud;
  /** Where it keeps everything, its logs too. */
  readonly dataFolder: string;
}

export interface ApiCalls {
  /** Calls the API as an administrator. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Registers a server with its administrator's account; gives the id. */
  register(server: RunningServer, schemas: readonly string[] | 'all', more?: object): Promise<string>;
  /** Waits until a run has ended, and gives its record. */
  ended(path: string): Promise<Answer['body']>;
  /** Backs up and waits. @param order what else is asked for, such as the format */
  backUp(databaseId: string, order?: object): Promise<Answer['body']>;
  /** Restores and waits. */
  restore(backupId: string, order: object): Promise<Answer['body']>;
}

/** A run that takes longer hangs; the longest here handles rows of 30 MB. */
const RUN_DEADLINE_MS = 240_000;

interface Watch extends Pick<CloudSetUp, 'alsoAsk' | 'log'> {
  /** Told of the cloud before it is called. */
  begin?(cloud: Cloud): void;
}

export async function startLaptop(workers: WorkerChanges = {}, watch: Watch = {}): Promise<Laptop> {
  const assemblyFolder = temporaryFolder();
  await assemblyIn(assemblyFolder, workers);
  const dataFolder = temporaryFolder();
  const { begin, ...watched } = watch;
  const cloud = await startCloud({ assemblyFolder, dataFolder, ...watched });
  begin?.(cloud);
  const { token } = (await cloud.invoke('admin-token', { name: 'end-to-end' })) as { token: string };
  return { cloud, dataFolder, ...callApi(cloud.apiUrl, token) };
}

/** What a user can do who has the address of an API and a token. */
export function callApi(apiUrl: string, token: string): ApiCalls {
  const api: ApiCalls['api'] = async (method, path, body, headers = {}) => {
    const response = await fetch(apiUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  const ended: ApiCalls['ended'] = async (path) => {
    let body: Answer['body'];
    const isOver = async (): Promise<boolean> => {
      ({ body } = await api('GET', path));
      return body.state !== 'queued' && body.state !== 'running';
    };
    const what = (): string => `it ends: ${JSON.stringify(body)}`;
    await waitUntil(isOver, what, { withinMs: RUN_DEADLINE_MS, everyMs: 100 });
    return body;
  };
  const started = (answer: Answer): string => {
    if (answer.status !== 202) throw new Error(`not started: ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  };
  return {
    api,
    ended,
    register: async (server, schemas, more = {}) => {
      const answer = await api('POST', '/databases', {
        name: server.engine.name,
        host: 'localhost',
        port: server.port,
        schemas,
        tls: { mode: 'verify', ca: readFileSync(server.caFile, 'utf8') },
        backupCredentials: { username: server.admin.user, password: server.admin.password },
        ...more,
      });
      if (answer.status !== 201) throw new Error(`not registered: ${JSON.stringify(answer.body)}`);
      return answer.body.id;
    },
    backUp: async (databaseId, order = {}) =>
      ended(`/backup/${started(await api('POST', '/backup', { databaseId, ...order }))}`),
    restore: async (backupId, order) =>
      ended(`/restore/${started(await api('POST', `/restore/${backupId}`, order))}`),
  };
}
