import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepository } from '../../layers/debian-repository.ts';

const PACKAGES =
  'Package: mysql-client-core\nVersion: 99\nArchitecture: amd64\nFilename: evil.deb\nSize: 1\n';
const RELEASE = `Origin: Debian\nSuite: unstable\nCodename: sid\nDate: ${new Date().toUTCString()}
Architectures: amd64\nComponents: main\nSHA256:
 ${createHash('sha256').update(PACKAGES).digest('hex')} ${PACKAGES.length} main/binary-amd64/Packages\n`;

let cache: string;
let mirror: Server;
const usual = { http_proxy: process.env.http_proxy, https_proxy: process.env.https_proxy };

/** Puts a server between this machine and every mirror. */
async function standBetween(answers: Record<string, string>): Promise<void> {
  mirror = createServer((request, response) => {
    const file = Object.keys(answers).find((end) => request.url?.endsWith(end));
    response.writeHead(file === undefined ? 404 : 200).end(file === undefined ? '' : answers[file]);
  }).listen(0, '127.0.0.1');
  await once(mirror, 'listening');
  const address = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
  Object.assign(process.env, { http_proxy: address, https_proxy: address });
}

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'safebase-cache-'));
});
afterEach(async () => {
  for (const [name, value] of Object.entries(usual)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  mirror.closeAllConnections();
  mirror.close();
  rmSync(cache, { recursive: true });
});

describe('a package list is refused, with a way out,', () => {
  it.each([
    ['that nobody has signed', { '/Release': RELEASE, '/Packages': PACKAGES }, /is not signed/],
    ['whose signature is not by Debian', { '/InRelease': forged(), '/Packages': PACKAGES }, /GPG error/],
    ['that cannot be fetched', {}, /does not have a Release file/],
  ])(
    '%s',
    async (_, answers, reason) => {
      await standBetween(answers);
      await expect(openRepository('sid', 'amd64', cache)).rejects.toMatchObject({
        name: 'SetUpError',
        message: expect.stringMatching(reason),
        hint: expect.stringContaining('copy the folder .cache'),
      });
      expect(existsSync(join(cache, 'apt/sid-amd64/refreshed'))).toBe(false);
    },
    60_000,
  );
});

function forged(): string {
  const signature = Buffer.alloc(200, 1).toString('base64');
  const armour = `-----BEGIN PGP SIGNATURE-----\n\n${signature}\n-----END PGP SIGNATURE-----\n`;
  return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${RELEASE}${armour}`;
}
