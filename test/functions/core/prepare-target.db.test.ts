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
});
