import type { Database } from '../../functions/core/database.ts';
import type { DatabaseId } from '../../functions/core/ids.ts';
import type { DatabaseStore } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';
import { pageOf } from './memory-page.ts';

/** Database records in a map. */
export function memoryDatabases(): DatabaseStore {
  const records = new Map<DatabaseId, Database>();
  const atVersion = (id: DatabaseId, version: number): void => {
    if (records.get(id)?.version !== version) throw new SafeBaseError('version_conflict', `${id} changed`);
  };
  return {
    async create(database) {
      if (records.has(database.id)) throw new SafeBaseError('version_conflict', `${database.id} is there`);
      records.set(database.id, structuredClone(database));
    },
    get: async (id) => structuredClone(records.get(id)),
    list: async (page) => pageOf([...records.values()], 'databases', page),
    async replace(database) {
      atVersion(database.id, database.version - 1);
      records.set(database.id, structuredClone(database));
    },
    async remove(id, version) {
      if (records.has(id)) atVersion(id, version);
      records.delete(id);
    },
  };
}
