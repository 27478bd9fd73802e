import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from '../../data-folder.ts';
import type { KeyModel } from '../../template/stores.ts';

const keysFile = z.record(z.string(), z.base64());

/** What other keys do for S3 and DynamoDB on AWS has no counterpart: only these hold bytes here. */
const MAKERS: Readonly<Record<string, () => Buffer>> = {
  HMAC_256: () => randomBytes(32),
  ECC_NIST_P256: () =>
    generateKeyPairSync('ec', {
      namedCurve: 'prime256v1',
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
      publicKeyEncoding: { format: 'der', type: 'spki' },
    }).privateKey,
};

/** Key id → its bytes (HMAC), or its private key as PKCS 8 in DER. What is missing in the file is made. */
export function readKeyMaterial(file: string, models: readonly KeyModel[]): Map<string, Buffer> {
  const kept = existsSync(file) ? keysFile.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const wanted = models.filter(({ spec }) => MAKERS[spec] !== undefined);
  const made = wanted
    .filter(({ id }) => kept[id] === undefined)
    .map(({ id, spec }) => [id, MAKERS[spec]?.().toString('base64') ?? ''] as const);
  const all: Readonly<Record<string, string>> = { ...kept, ...Object.fromEntries(made) };
  if (made.length > 0) writePrivateFile(file, JSON.stringify(all, undefined, 2));
  return new Map(wanted.map(({ id }) => [id, Buffer.from(all[id] ?? '', 'base64')]));
}
