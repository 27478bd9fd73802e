import { matchRoute } from '../../../local/http-api/match-route.ts';

const routes = [
  '$default',
  'GET /things',
  'ANY /things',
  'GET /things/{id}',
  'GET /things/new',
  'POST /things/{id}',
  'GET /things/{id}/parts/{part}',
  'GET /files/{path+}',
].map((key) => ({ key, functionArn: 'arn', timeoutMs: 1, isPermitted: true }));

describe('the route of a request', () => {
  it.each([
    ['GET', '/things', 'GET /things', {}],
    ['PATCH', '/things', 'ANY /things', {}],
    ['GET', '/things/7', 'GET /things/{id}', { id: '7' }],
    ['GET', '/things/new', 'GET /things/new', {}],
    ['POST', '/things/new', 'POST /things/{id}', { id: 'new' }],
    ['DELETE', '/things/7', '$default', {}],
    ['GET', '/things/7/parts/a%20b', 'GET /things/{id}/parts/{part}', { id: '7', part: 'a b' }],
    ['GET', '/things/%E0%A4%A', 'GET /things/{id}', { id: '%E0%A4%A' }],
    ['GET', '/files/a/b.txt', 'GET /files/{path+}', { path: 'a/b.txt' }],
    ['GET', '/files', '$default', {}],
    ['GET', '/things/', '$default', {}],
    ['GET', '/Things', '$default', {}],
  ])('%s %s is %s', (method, path, key, pathParameters) => {
    expect(matchRoute(routes, method, path)).toMatchObject({ route: { key }, pathParameters });
  });

  it('is none without $default', () => {
    expect(matchRoute(routes.slice(1), 'GET', '/nowhere')).toBeUndefined();
  });
});
