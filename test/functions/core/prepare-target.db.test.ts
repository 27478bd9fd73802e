import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareSchema } from '../../../functions/core/prepare-target.ts';
import { NO_OBJECTS } from '../../../functions/engine/contents.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const CONTENTS = {
  name: 'shop',
  characterSet: 'utf8mb4',
  collation: 'utf8mb4_bin',
  comment: '',
  counts: NO_OBJECTS,
  notOfOneInstant: [],
  brokenViews: [],
  definers: [],
};

describe('prepareSchema on MySQL', () => {
  let own: EngineServer;
  beforeAll(async () => {
    own = await startEngineServer('mysql-9.7');
  }, START_MS);
  afterAll(() => own.stop());

  it('says which directory a server that was killed within DROP DATABASE has left behind', async () => {
    mkdirSync(join(dirname(own.server.socket), 'data', 'shop'));
    const schema = { contents: CONTENTS, target: 'shop', action: 'create' } as const;
    const { signal } = new AbortController();
    await expect(prepareSchema(own.connector, own.endpoint(), schema, 'mysql', signal)).rejects.toMatchObject(
      {
        code: 'schema_left_behind',
        message: 'the server cannot make the schema shop',
        hint: expect.stringContaining('directory'),
      },
    );
  });

  it.each(['create', 'fill'] as const)('touches nothing that came since it was to %s', async (action) => {
    await own.query('DROP DATABASE IF EXISTS later');
    await own.query('CREATE DATABASE later');
    const prepared = () =>
      prepareSchema(
        own.connector,
        own.endpoint(),
        { contents: CONTENTS, target: 'later', action },
        'mysql',
        new AbortController().signal,
      );
    await prepared();
    await own.query('CREATE TABLE later.t (id INT)');
    await own.query('INSERT INTO later.t VALUES (1)');
    await expect(prepared()).rejects.toMatchObject({ code: 'target_not_empty' });
    expect(await own.query('SELECT * FROM later.t')).toHaveLength(1);
  });
});
