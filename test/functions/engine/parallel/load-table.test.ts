/** Stored rows on their way to a server: what it gets, and when. */
import { zstdCompressSync } from 'node:zlib';
import { LinesProof } from '../../../../functions/engine/parallel/lines-proof.ts';
import { checkTable, loadTable } from '../../../../functions/engine/parallel/load-table.ts';
import { FILE_NAME } from '../../../../functions/engine/rows/table-rows.ts';
import { packetsOf, scripted } from '../rows/wire-fixture.ts';

const TEXTS = ['1\n2\n', '3\n', '4\n'];
const REQUEST = packetsOf([Buffer.from(`\u00fb${FILE_NAME}`, 'latin1')]);

function scene(change: object = {}) {
  const lines = new LinesProof();
  for (const text of TEXTS) lines.take(Buffer.from(text));
  let frames = 0;
  async function* stored() {
    for (const text of TEXTS) {
      frames += 1;
      yield zstdCompressSync(Buffer.from(text));
    }
  }
  const proof = { ...lines.end(), ...change };
  const { signal } = new AbortController();
  return { input: { stored: stored(), proof, signal, onProgress: () => {} }, taken: () => frames };
}

it('goes to the server but for its last text, before all of it was proved', async () => {
  const { input } = scene({ fingerprint: '0'.repeat(32) });
  const { conversation, state } = scripted([REQUEST]);
  const table = { schema: 's', name: 't', columns: [], hasGenerated: false };
  const loading = loadTable({ ...input, converse: () => conversation, product: 'mariadb', table });
  await expect(loading).rejects.toMatchObject({ code: 'backup_damaged' });
  expect(state.ended).toBe('abandoned');
  expect(Buffer.concat(state.sent)).toEqual(packetsOf(['1\n2\n', '3\n'].map(Buffer.from), 2));
});

it.each([
  ['rows', { rows: 5 }],
  ['bytes', { bytes: 9 }],
  ['content', { fingerprint: '0'.repeat(32) }],
])('is damaged where its %s are not those of the manifest', async (_, change) => {
  await expect(checkTable(scene(change).input)).rejects.toMatchObject({ code: 'backup_damaged' });
});

it('is read no further than the manifest says', async () => {
  const endless = scene({ bytes: 3 });
  await expect(checkTable(endless.input)).rejects.toMatchObject({
    code: 'backup_damaged',
    message: expect.stringContaining('more text than the manifest says'),
  });
});
