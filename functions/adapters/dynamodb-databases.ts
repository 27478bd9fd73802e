import type { Database } from '../core/database.ts';
import type { DatabaseStore } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import { listRecords } from './dynamodb-lists.ts';
import { createRecord, markedWrite, readRecord } from './dynamodb-records.ts';
import { deleteItem, isRefused, keyOf, putItem, type Table } from './dynamodb-table.ts';

const OF_VERSION = { condition: '#version = :version', names: { version: 'version' } };

/** Database records; every change has the version that it was made from as its condition. */
export const dynamodbDatabases = (table: Table): DatabaseStore => ({
  create: (database) =>
    createRecord(table, 'DB', database, { kind: 'DB' }, () => conflict(`${database.id} is there already`)),

  get: (id) => readRecord<Database>(table, 'DB', id),

  list: (page) =>
    listRecords<Database>(table, { kind: 'DB', prefix: 'db', keep: (one) => one, keepName: '' }, page),

  async replace(database) {
    await markedWrite(
      table,
      'DB',
      database.id,
      (writeId) =>
        putItem(
          table,
          { ...database, kind: 'DB', ...keyOf('DB', database.id), writeId },
          { ...OF_VERSION, values: { version: database.version - 1 } },
        ),
      () => conflict(`${database.id} is no longer of version ${database.version - 1}`),
    );
  },

  async remove(id, version) {
    try {
      await deleteItem(table, keyOf('DB', id), { ...OF_VERSION, values: { version } });
    } catch (error) {
      if (!isRefused(error)) throw error;
      // Gone altogether: by us, with the answer lost, or by another who wanted the same.
      if ((await readRecord(table, 'DB', id)) === undefined) return;
      throw conflict(`${id} is no longer of version ${version}`);
    }
  },
});

const conflict = (message: string): SafeBaseError => new SafeBaseError('version_conflict', message);
