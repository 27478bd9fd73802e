/** What lies in the bucket, past the API. */
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { filesOf } from '../../../functions/core/manifest.ts';
import type { Cloud } from '../../../local/cloud.ts';
import { operatorConfig, operatorS3 } from '../operator.ts';

export interface Stored {
  /** Keys of all objects of a backup, and of what marks them as deleted. */
  objectsOf(backupId: string): Promise<readonly string[]>;
  /** Keys of all uploads that have not ended. */
  uploads(): Promise<readonly string[]>;
  /**
   * All that is stored of the only schema of a backup, in the order of its manifest, without comments and times of SQL, after
   * the manifest was held against its record.
   */
  dumpOf(backupId: string): Promise<string>;
  close(): void;
}

export function storedIn(cloud: Cloud, databaseId: string): Stored {
  const s3 = operatorS3(cloud);
  const dynamoDb = new DynamoDBClient(operatorConfig(cloud));
  const Bucket = cloud.stack.buckets[0]?.name;
  const TableName = cloud.stack.tables[0]?.name;
  const bodyOf = async (Key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return {
    objectsOf: async (id) => {
      const Prefix = `databases/${databaseId}/backups/${id}/`;
      const { Versions = [], DeleteMarkers = [] } = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix }),
      );
      return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key);
    },
    uploads: async () => {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    dumpOf: async (id) => {
      const { Item = {} } = await dynamoDb.send(
        new GetItemCommand({ TableName, Key: { pk: { S: `BK#${id.slice(3)}` }, sk: { S: 'META' } } }),
      );
      const { key, sha256 } = unmarshall(Item).manifest;
      const manifest = await bodyOf(key);
      if (hash(manifest) !== sha256) throw new Error(`${key} is not what the record says`);
      const texts: string[] = [];
      for (const file of filesOf(JSON.parse(manifest.toString()).schemas[0])) {
        const body = await bodyOf(file.key);
        if (hash(body) !== file.sha256) throw new Error(`${file.key} is not what the manifest says`);
        const text = zstdDecompressSync(body).toString('latin1');
        texts.push(file.key.endsWith('.tsv.zst') ? text : withoutComments(text));
      }
      return texts.join('\0');
    },
    close: () => {
      s3.destroy();
      dynamoDb.destroy();
    },
  };
}

/** The tools note in a comment what they could not read, also where there is nothing to read. */
const withoutComments = (sql: string): string =>
  sql.replaceAll(/^(?:--.*)?\n/gm, '').replaceAll(/\d{4}-\d\d-\d\d +\d+:\d\d:\d\d/g, '');

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
