/** The files in which the laptop keeps the bodies of objects, to be damaged behind the back of every check of S3. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BodyFile {
  readonly bytes: Buffer;
  /** Writes other bytes in its place. */
  replace(bytes: Buffer): void;
  restore(): void;
}

/** The file that holds exactly these bytes: one part of an object, or a small object. @param sha256 hex */
export function bodyFile(dataFolder: string, sha256: string): BodyFile {
  const paths = readdirSync(dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('/bodies/'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths) {
    const bytes = readFileSync(path);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) continue;
    return {
      bytes,
      replace: (other) => writeFileSync(path, other),
      restore: () => writeFileSync(path, bytes),
    };
  }
  throw new Error(`no body has the SHA-256 ${sha256}`);
}
