/** Registers a database over the API, or brings the record of an earlier run up to date. */
import { type ApiClient, databasePageShape, databaseShape } from './api-client.ts';

/** A database as the API takes it. */
export interface DatabaseFields {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly schemas: readonly string[];
  readonly tls: { readonly mode: 'verify' | 'off'; readonly ca?: string };
  readonly backupCredentials: { readonly username: string; readonly password: string };
}

/** @returns the id of the record; a record of the same name is this database of an earlier run */
export async function registerDatabase(api: ApiClient, fields: DatabaseFields): Promise<string> {
  const earlier = await findByName(api, fields.name);
  const answer = databaseShape;
  if (earlier === undefined) {
    return (await api({ method: 'POST', path: '/databases', answer, body: fields })).id;
  }
  const path = `/databases/${earlier.id}`;
  await api({ method: 'PUT', path, answer, body: fields, ifMatch: earlier.version });
  return earlier.id;
}

async function findByName(api: ApiClient, name: string) {
  let cursor = '';
  for (;;) {
    const page = await api({
      method: 'GET',
      path: `/databases?limit=100${cursor}`,
      answer: databasePageShape,
    });
    const found = page.items.find((item) => item.name === name);
    if (found !== undefined || page.nextCursor === undefined) return found;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}
