import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type S3Child, startChild } from './s3-child.ts';
import { clientOf } from './s3-fixture.ts';

const MIB = 1024 * 1024;
const UPLOAD_MIB = process.env.SAFEBASE_FULL === '1' ? 5 * 1024 : 192;
/** Of the whole process; it does not grow with the upload. */
const MEMORY_BYTES = 250 * MIB;

let child: S3Child;
beforeAll(async () => {
  child = await startChild(temporaryFolder());
});
afterAll(() => child.kill());

describe('a large object', () => {
  it(
    `of ${UPLOAD_MIB} MiB goes in and out in little memory`,
    async () => {
      const client = clientOf(child.url);
      const block = randomBytes(MIB);
      const [sent, received] = [createHash('sha256'), createHash('sha256')];
      const body = function* () {
        for (let number = 0; number < UPLOAD_MIB; number++) {
          block.writeUInt32BE(number);
          sent.update(block);
          yield Buffer.from(block);
        }
      };
      const params = { Bucket: 'durable', Key: 'large', Body: Readable.from(body()) };
      await new Upload({ client, params, partSize: 16 * MIB, queueSize: 4 }).done();
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'durable', Key: 'large' }));
      if (!(Body instanceof Readable)) throw new Error('the object has no body');
      for await (const chunk of Body) received.update(chunk);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(child.peakBytes()).toBeLessThan(MEMORY_BYTES);
      client.destroy();
    },
    20 * 60_000,
  );
});
