import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkSignature, digestOf } from '../../../functions/core/signature.ts';
import { endOfProgram } from '../../../layers/run-program.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { memorySigner } from '../../ports/memory-signer.ts';

const document = resolve(import.meta.dirname, '../../../docs/backup-format.md');
const manifest = Buffer.from('{"manifestVersion":1}\n');

/** The lines of shell in the section of the document that is about signatures. */
function linesInDocument(): string {
  const [, section = ''] = readFileSync(document, 'utf8').split('\n## The signature\n');
  return /```sh\n(.+?)```/s.exec(section)?.[1] ?? '';
}

const hasOpenssl = await endOfProgram({ command: 'openssl', arguments: ['version'] }).then(
  () => true,
  () => false,
);

// Where this is skipped the machine has no openssl.
(hasOpenssl ? it : it.skip)('can be checked by hand as docs/backup-format.md says', async () => {
  const signer = memorySigner();
  const folder = temporaryFolder();
  const write = (name: string, content: Buffer | string) => writeFileSync(join(folder, name), content);
  write('manifest.json', manifest);
  write('manifest.json.sig', await signer.sign(digestOf(manifest)));
  write('public-key.pem', await signer.publicKey());
  const run = () => endOfProgram({ command: 'sh', arguments: ['-ec', linesInDocument()], folder });
  expect(await run()).toMatchObject({ exitCode: 0, output: 'Verified OK\n' });
  write('manifest.json', `${manifest}.`);
  expect((await run()).exitCode).not.toBe(0);
});

it.each([
  ['no key at all', 'nonsense'],
  ['a key of another kind', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
])('is not taken with %s', async (_, publicKey) => {
  const signature = await memorySigner().sign(digestOf(manifest));
  expect(() => checkSignature(manifest, signature, publicKey)).toThrow(
    expect.objectContaining({ code: 'signature_invalid' }),
  );
});

it('is not taken for other bytes, or with the key of somebody else', async () => {
  const signer = memorySigner();
  const signature = await signer.sign(digestOf(manifest));
  const invalid = expect.objectContaining({ code: 'signature_invalid' });
  checkSignature(manifest, signature, await signer.publicKey());
  const other = Buffer.from(`${manifest}.`);
  const [own, stranger] = [await signer.publicKey(), await memorySigner().publicKey()];
  expect(() => checkSignature(other, signature, own)).toThrow(invalid);
  expect(() => checkSignature(manifest, signature, stranger)).toThrow(invalid);
});
