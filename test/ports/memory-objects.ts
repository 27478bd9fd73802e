import type { ObjectStore, UnfinishedUpload } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Objects in a map; a test may put other bytes in their place. */
export function memoryObjects(): ObjectStore & {
  readonly stored: Map<string, Buffer>;
  readonly uploads: Set<UnfinishedUpload>;
} {
  const uploads = new Set<UnfinishedUpload>();
  const stored = new Map<string, Buffer>();
  let versions = 0;
  const write = (key: string, body: Buffer) => {
    if ([...stored.keys()].some((name) => name.startsWith(`${key} `))) {
      throw new SafeBaseError('upload_failed', `${key} is there already`);
    }
    versions += 1;
    const versionId = `v${versions}`;
    // A copy: whoever wrote it may use the memory for something else now.
    stored.set(`${key} ${versionId}`, Buffer.from(body));
    return { versionId };
  };
  return {
    stored,
    uploads,
    async writeParts(key, parts) {
      const bodies: Buffer[] = [];
      for await (const { number, body } of parts) {
        if (number !== bodies.length + 1) throw new SafeBaseError('upload_failed', 'a part is missing');
        bodies.push(Buffer.from(body));
      }
      if (bodies.length === 0) throw new SafeBaseError('upload_failed', 'there is nothing to write');
      return write(key, Buffer.concat(bodies));
    },
    writeOnce: async (key, body) => write(key, body),
    async *read(key, versionId, range) {
      const body = stored.get(`${key} ${versionId}`);
      if (body === undefined || (range && range.last >= body.length)) {
        throw new SafeBaseError('backup_damaged', `${key} is gone or too short`);
      }
      yield Buffer.from(range ? body.subarray(range.first, range.last + 1) : body);
    },
    async *list(prefix, after = '') {
      for (const name of [...stored.keys()].sort()) {
        const [key = '', versionId = ''] = name.split(' ');
        if (key.startsWith(prefix) && key > after) yield { key, versionId };
      }
    },
    async *listUploads(prefix) {
      for (const upload of uploads) if (upload.key.startsWith(prefix)) yield upload;
    },
    async abortUpload(upload) {
      uploads.delete(upload);
    },
    async removeAll(prefix) {
      for (const name of stored.keys()) if (name.startsWith(prefix)) stored.delete(name);
    },
  };
}
