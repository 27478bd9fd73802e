/** What a server answers to rows that were sent to it, and which of it counts as loaded. */
import { loadRows } from '../../../../functions/engine/rows/load-rows.ts';
import { FILE_NAME } from '../../../../functions/engine/rows/table-rows.ts';
import { errorPayload, packetsOf, scripted } from './wire-fixture.ts';

const REQUEST = packetsOf([Buffer.from(`\u00fb${FILE_NAME}`, 'latin1')]);
const TEXT = '1\tone\n2\ttwo\n';

/** The OK packet at the end; the request, one text and the empty packet went before. */
const counted = (records: number, { deleted = 0, skipped = 0, warnings = 0 } = {}): Buffer => {
  const told = `Records: ${records}  Deleted: ${deleted}  Skipped: ${skipped}  Warnings: ${warnings}`;
  return packetsOf([Buffer.concat([Buffer.alloc(7), Buffer.from(told)])], 4);
};
async function* texts(...given: readonly string[]) {
  for (const text of given) yield Buffer.from(text);
}
const load = (answers: readonly Buffer[], mayWarn = false, given: AsyncIterable<Buffer> = texts(TEXT)) => {
  const { conversation, state } = scripted(answers);
  return { loaded: loadRows(conversation, given, { rows: 2, mayWarn }), state };
};

describe('rows that were sent', () => {
  it('are loaded where the server took each of them as it is', async () => {
    const { loaded, state } = load([REQUEST, counted(2)]);
    await loaded;
    expect(state.ended).toBe('released');
    expect(Buffer.concat(state.sent)).toEqual(packetsOf([Buffer.from(TEXT), Buffer.alloc(0)], 2));
  });

  it.each([
    ['fewer than were sent', counted(1)],
    ['more than were sent', counted(3)],
    ['one that was skipped, such as a duplicate', counted(2, { skipped: 1 })],
    ['one in the place of another', counted(2, { deleted: 1 })],
    ['one that was changed', counted(2, { warnings: 1 })],
  ])('are not loaded where the server has %s', async (_, answer) => {
    await expect(load([REQUEST, answer]).loaded).rejects.toMatchObject({ code: 'load_failed' });
  });

  it('may be warned of where that says nothing, and may not be skipped all the same', async () => {
    await load([REQUEST, counted(2, { warnings: 2 })], true).loaded;
    const skipped = load([REQUEST, counted(2, { warnings: 1, skipped: 1 })], true);
    await expect(skipped.loaded).rejects.toMatchObject({ code: 'load_failed' });
  });

  it('are not loaded where the server does not count them', async () => {
    const silent = load([REQUEST, packetsOf([Buffer.alloc(7)], 4)]);
    await expect(silent.loaded).rejects.toMatchObject({ code: 'query_failed' });
  });

  it('go to nobody who asks for another file', async () => {
    const { loaded, state } = load([packetsOf([Buffer.from('\u00fb/etc/passwd', 'latin1')])]);
    await expect(loaded).rejects.toMatchObject({ code: 'query_failed' });
    expect(state).toMatchObject({ ended: 'abandoned', sent: [] });
  });

  it('tell what the server says of them, and never their end where they failed', async () => {
    const refused = load([REQUEST, packetsOf([errorPayload(1062, 'Duplicate')], 4)]);
    await expect(refused.loaded).rejects.toMatchObject({ details: { errno: 1062 } });
    expect(refused.state.ended).toBe('released');
    async function* failing() {
      yield Buffer.from('1\tone\n');
      throw new Error('the store is away');
    }
    const broken = load([REQUEST], false, failing());
    await expect(broken.loaded).rejects.toThrow('the store is away');
    expect(broken.state.ended).toBe('abandoned');
    expect(Buffer.concat(broken.state.sent)).toEqual(packetsOf([Buffer.from('1\tone\n')], 2));
  });
});
