import type { ObjectStore } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Objects in a map; a test may put other bytes in their place. */
export function memoryObjects(): ObjectStore & { readonly stored: Map<string, Buffer> } {
  const stored = new Map<string, Buffer>();
  let versions = 0;
  const write = (key: string, body: Buffer) => {
    if ([...stored.keys()].some((name) => name.startsWith(`${key} `))) {
      throw new SafeBaseError('upload_failed', `${key} is there already`);
    }
    versions += 1;
    const versionId = `v${versions}`;
    stored.set(`${key} ${versionId}`, body);
    return { versionId };
  };
  return {
    stored,
    async writeParts(key, parts) {
      const bodies: Buffer[] = [];
      for await (const { number, body } of parts) {
        if (number !== bodies.length + 1) throw new SafeBaseError('upload_failed', 'a part is missing');
        bodies.push(body);
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
      yield range ? body.subarray(range.first, range.last + 1) : body;
    },
    async *list(prefix, after = '') {
      for (const name of [...stored.keys()].sort()) {
        const [key = '', versionId = ''] = name.split(' ');
        if (key.startsWith(prefix) && key > after) yield { key, versionId };
      }
    },
    async removeAll(prefix) {
      for (const name of stored.keys()) if (name.startsWith(prefix)) stored.delete(name);
    },
  };
}
