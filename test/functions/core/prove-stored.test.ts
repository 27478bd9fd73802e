import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { Manifest } from '../../../functions/core/manifest.ts';
import { proveStored } from '../../../functions/core/prove-stored.ts';
import type { Loss } from '../../../functions/engine/contents.ts';
import { memoryObjects } from '../../ports/memory-objects.ts';

const KEY = 'databases/d/backups/b/schemas/0/dump.sql.zst';
const END_LINE = '-- Dump completed on 2026-11-22 22:31:58\n';
const TABLE = 'CREATE TABLE `t` (`a` int) ENGINE=InnoDB;\n';
const NOTHING = { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0, sequences: 0, packages: 0 };

/** Stores a dump of a schema that had so many tables, and proves it. */
async function prove(
  text: string,
  change: Partial<Manifest['schemas'][number]['dump']> = {},
  losses: readonly Loss[] = [],
): Promise<void> {
  const objects = memoryObjects();
  const body = zstdCompressSync(text);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const { versionId } = await objects.writeOnce(KEY, body, 'application/zstd');
  const dump = {
    key: KEY,
    versionId,
    sizeBytes: body.length,
    sha256,
    parts: [{ number: 1, sizeBytes: body.length, sha256 }],
    dumpBytes: Buffer.byteLength(text),
    ...change,
  };
  await proveStored(
    objects,
    {
      name: 'shop',
      characterSet: 'utf8mb4',
      collation: 'utf8mb4_bin',
      comment: '',
      counts: { ...NOTHING, tables: 1 },
      notOfOneInstant: [],
      brokenViews: [],
      definers: [],
      instant: '2026-11-22T22:31:58.000Z',
      dump,
    },
    { losses, signal: new AbortController().signal, onProgress: () => {} },
  );
}

describe('proveStored', () => {
  it('takes a dump that a restore would take', async () => {
    await expect(prove(TABLE + END_LINE)).resolves.toBeUndefined();
  });

  it.each([
    ['of which a table is missing', END_LINE],
    ['with a table that came after the plan', TABLE + TABLE.replace('`t`', '`late`') + END_LINE],
  ])('refuses a dump %s', async (_, text) => {
    await expect(prove(text)).rejects.toMatchObject({ code: 'dump_incomplete' });
  });

  it('refuses a dump that every restore would refuse', async () => {
    await expect(prove(`${TABLE}GRANT ALL ON *.* TO x;\n${END_LINE}`)).rejects.toMatchObject({
      code: 'proof_failed',
    });
  });

  it('refuses bytes that are not those that were sent', async () => {
    const other = createHash('sha256').update('other').digest('hex');
    await expect(prove(TABLE + END_LINE, { sha256: other })).rejects.toMatchObject({ code: 'proof_failed' });
    await expect(prove(TABLE + END_LINE, { dumpBytes: 1 })).rejects.toMatchObject({ code: 'proof_failed' });
  });

  it('proves the bytes alone where the losses say that nothing can read the text', async () => {
    const losses: Loss[] = [
      { kind: 'foreign_key_backtick', schema: 'shop', object: 't', effect: 'a restore stops', certain: true },
    ];
    const text = `CREATE TABLE \`t\` (\`a\` int;\n${END_LINE}`;
    await expect(prove(text, {}, losses)).resolves.toBeUndefined();
    const other = createHash('sha256').update('other').digest('hex');
    await expect(prove(text, { sha256: other }, losses)).rejects.toMatchObject({ code: 'proof_failed' });
    await expect(prove(`\`${text}`)).rejects.toMatchObject({ code: 'proof_failed' });
  });
});
