import { indexRoutes } from '../../../functions/middleware/routes-index.ts';
import { ROUTES } from '../../../functions/routes.ts';

it('takes the routes of the API', () => {
  expect(indexRoutes(ROUTES).size).toBe(ROUTES.length);
});

it.each(['/databases/{id}', '/databases/{name}'])('refuses a second route %s at the start', (path) => {
  const [first] = ROUTES;
  const twice = [...ROUTES, { ...first, method: 'GET' as const, path }];
  expect(() => indexRoutes(twice)).toThrow('two routes answer GET /databases/{}');
});
