import { newDatabaseId } from '../../functions/core/ids.ts';
import { ROUTES } from '../../functions/routes.ts';

const routeOf = (method: string, path: string) =>
  ROUTES.find((route) => route.method === method && route.path === path);

describe('POST /restore/{id}', () => {
  const route = routeOf('POST', '/restore/{id}');
  const body = route !== undefined && 'body' in route ? route.body : undefined;
  const databaseId = newDatabaseId();

  it.each([
    {},
    { schemas: { shop: 'copy' } },
    { schemas: { "it's": "it's" } },
    { schemas: { 'a`b': 'plain' } },
    { overwrite: true, confirm: 'copy' },
    { overwrite: true, confirm: ['a', 'b'] },
    { events: 'disabled' },
    { events: 'as-stored' },
  ])('takes %p', (more) => {
    expect(body?.safeParse({ databaseId, ...more }).success).toBe(true);
  });

  it.each([
    { databaseId: 'bk_01J00000000000000000000000' },
    { schemas: {} },
    { schemas: { shop: '' } },
    { schemas: { shop: 'a`b' } },
    { schemas: { shop: "it's" } },
    { schemas: { shop: 'x'.repeat(65) } },
    { schemas: { shop: 'mysql' } },
    { schemas: { mysql: 'mysql.' }, extra: 1 },
    { schemas: { shop: '😀' } },
    { schemas: ['shop'] },
    { overwrite: 'true' },
    { confirm: 1 },
    { events: 'enabled' },
    { state: 'completed' },
  ])('refuses %p', (more) => {
    expect(body?.safeParse({ databaseId, ...more }).success).toBe(false);
  });
});

describe.each(['/backup', '/restore'])('GET %s', (path) => {
  const route = routeOf('GET', path);
  const query = route !== undefined && 'query' in route ? route.query : undefined;

  it.each([
    {},
    { databaseId: newDatabaseId(), state: 'failed', limit: '100' },
    { from: '2026-11-22T00:00:00Z', until: '2026-11-23T00:00:00+01:00' },
  ])('takes %p', (given) => {
    expect(query?.safeParse(given).success).toBe(true);
  });

  it.each([
    { state: 'done' },
    { state: 'failed,queued' },
    { databaseId: 'x' },
    { from: 'yesterday' },
    { from: '2026-11-22' },
    { status: 'failed' },
  ])('refuses %p', (given) => {
    expect(query?.safeParse(given).success).toBe(false);
  });
});
