/** A source, and a laptop that backs it up. */
import { ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { Cloud } from '../../local/cloud.ts';
import type { EngineName } from '../../local/engines/packages.ts';
import { childrenOf } from '../functions/engine/test-database.ts';
import type { WorkerChanges } from './assembly.ts';
import { type Laptop, startLaptop } from './laptop.ts';
import { operatorS3 } from './operator.ts';
import { openSource, type Source } from './source.ts';

export interface Scene extends Source {
  readonly laptop: Laptop;
  readonly databaseId: string;
  /** The worker that holds a run now, and the program that it has started. */
  worker(kind: 'backup' | 'restore'): { readonly pid: number; readonly program: number };
  /** What lies in the bucket under a backup: keys of objects, and of uploads that have not ended. */
  stored(backupId: string): Promise<{ readonly objects: string[]; readonly uploads: string[] }>;
}

/** A worker that is silent for this long is dead; long enough for a busy machine, and waited for by many tests. */
const LEASE_MS = 5_000;
export const SHORT_LEASE = { LEASE_MS: String(LEASE_MS), HEARTBEAT_MS: '500' };

export async function openScene(engine: EngineName, workers: WorkerChanges = {}): Promise<Scene> {
  const laptop = await startLaptop({ ...workers, settings: { ...SHORT_LEASE, ...workers.settings } });
  const source = await openSource(engine, ['--local-infile=1']);
  const databaseId = await source.register(laptop);
  const bucket = bucketOf(laptop.cloud);
  return {
    ...source,
    laptop,
    databaseId,
    worker: (kind) => {
      const workers = laptop.cloud.workers().filter(({ functionId }) => functionId === `${kind}-public`);
      const [{ pid } = { pid: 0 }, ...others] = workers.filter(({ busy }) => busy);
      const [program] = childrenOf(pid, '/bin/m');
      if (others.length > 0 || program === undefined) throw new Error(`no single worker runs a ${kind}`);
      return { pid, program };
    },
    stored: bucket.stored,
    close: async () => {
      bucket.close();
      await laptop.cloud.stop();
      await source.close();
    },
  };
}

/** Looks into the bucket past the API. */
function bucketOf(cloud: Cloud) {
  const s3 = operatorS3(cloud);
  const Bucket = cloud.stack.buckets[0]?.name ?? '';
  const isOf = (backupId: string) => (key: string) => key.includes(`/${backupId}/`);
  return {
    stored: async (backupId: string) => {
      const { Versions = [] } = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: 'databases/' }),
      );
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      return {
        objects: Versions.map(({ Key = '' }) => Key).filter(isOf(backupId)),
        uploads: Uploads.map(({ Key = '' }) => Key).filter(isOf(backupId)),
      };
    },
    close: () => s3.destroy(),
  };
}
