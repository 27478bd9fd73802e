/** Who may sign requests to the emulated AWS: one access key for each function, and one for the operator. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from '../data-folder.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface AccessKeys {
  /** The key of an owner; made at the first call and kept from then on. */
  of(owner: string): AccessKey;
  secretOf(accessKeyId: string): string | undefined;
  /** The owner that signs with a key. */
  ownerOf(accessKeyId: string): string | undefined;
}

const keysFile = z.record(z.string(), z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }));

/** @param file of mode 0600, so that addresses presigned before a restart stay valid after it */
export function openAccessKeys(file: string): AccessKeys {
  const keys = new Map<string, AccessKey>(
    existsSync(file) ? Object.entries(keysFile.parse(JSON.parse(readFileSync(file, 'utf8')))) : [],
  );
  const byId = (accessKeyId: string) => [...keys].find(([, key]) => key.accessKeyId === accessKeyId);
  return {
    of: (owner) => {
      const known = keys.get(owner);
      if (known !== undefined) return known;
      const made = {
        accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
      };
      keys.set(owner, made);
      writePrivateFile(file, JSON.stringify(Object.fromEntries(keys), undefined, 2));
      return made;
    },
    secretOf: (accessKeyId) => byId(accessKeyId)?.[1].secretAccessKey,
    ownerOf: (accessKeyId) => byId(accessKeyId)?.[0],
  };
}
