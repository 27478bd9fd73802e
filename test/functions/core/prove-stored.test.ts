import { createHash } from 'node:crypto';
import { proveStored } from '../../../functions/core/prove-stored.ts';
import { memoryObjects } from '../../ports/memory-objects.ts';

const KEY = 'databases/d/backups/b/schemas/0/dump.sql.zst';
const BODY = Buffer.from('the stored bytes');
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Stores the body, and proves that it is what `claimed` says. */
async function prove(
  claimed: { sizeBytes?: number; sha256?: string } = {},
  signal = new AbortController().signal,
) {
  const objects = memoryObjects();
  const { versionId } = await objects.writeOnce(KEY, BODY, 'application/zstd');
  const progress: number[] = [];
  const onProgress = (bytes: number) => progress.push(bytes);
  const stored = { key: KEY, versionId, sizeBytes: BODY.length, sha256: hashOf(BODY), ...claimed };
  await proveStored(objects, stored, { signal, onProgress });
  return progress;
}

describe('proveStored', () => {
  it('reads what was sent to its end', async () => {
    expect((await prove()).at(-1)).toBe(BODY.length);
  });

  it.each([
    ['another hash', { sha256: hashOf(Buffer.from('other')) }],
    ['fewer bytes', { sizeBytes: BODY.length + 1 }],
    ['more bytes', { sizeBytes: BODY.length - 1 }],
  ])('refuses an object with %s', async (_, claimed) => {
    await expect(prove(claimed)).rejects.toMatchObject({ code: 'proof_failed' });
  });

  it('gives its signal to the reading, which may stall', async () => {
    const { signal } = new AbortController();
    const objects = memoryObjects();
    const given: unknown[] = [];
    const read: typeof objects.read = async function* (...asked) {
      given.push(asked[3]);
      yield BODY;
    };
    const stored = { key: KEY, versionId: 'v', sizeBytes: BODY.length, sha256: hashOf(BODY) };
    await proveStored({ ...objects, read }, stored, { signal, onProgress: () => {} });
    expect(given).toEqual([signal]);
  });

  it('ends when the run does', async () => {
    await expect(prove({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});
