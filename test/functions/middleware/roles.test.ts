import { newDatabaseId, newTokenId } from '../../../functions/core/ids.ts';
import type { Role } from '../../../functions/core/ports.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { type Answers, httpHandler } from '../../../functions/middleware/http-handler.ts';
import { ROUTES } from '../../../functions/routes.ts';
import { apiCall, lambdaContext } from '../../fixtures/api-call.ts';
import { recordingLog } from '../../ports/recorders.ts';

const id = newDatabaseId();
const ROLES = ['viewer', 'operator', 'restorer', 'admin'] as const;

describe('roles', () => {
  // Every permission of every role; a route that is added must find its place here.
  const MAY: Record<(typeof ROUTES)[number]['permission'] & string, readonly Role[]> = {
    'databases:read': ROLES,
    'databases:write': ['admin'],
    'databases:test': ['operator', 'restorer', 'admin'],
    'backups:read': ROLES,
    'backups:create': ['operator', 'restorer', 'admin'],
    'backups:verify': ['operator', 'restorer', 'admin'],
    'backups:delete': ['admin'],
    'backups:download': ['restorer', 'admin'],
    'restores:read': ROLES,
    'restores:create': ['restorer', 'admin'],
  };
  const cells = ROUTES.flatMap((route) =>
    ROLES.map((role) => ({ role, key: `${route.method} ${route.path}`, route })),
  );

  it.each(cells)('$role at $key', async ({ role, key, route }) => {
    const reached = async () => ({ status: 200 as const, body: {} });
    const answers = Object.fromEntries(
      ROUTES.filter(({ handler }) => handler === route.handler).map((one) => [
        `${one.method} ${one.path}`,
        reached,
      ]),
    ) as unknown as Answers<'api-databases'>;
    const authenticate = async () => ({ tokenId: newTokenId(), role });
    const handler = httpHandler<'api-databases'>({ log: recordingLog(), authenticate }, answers);
    const { statusCode } = await handler(apiCall(key, { id: 'none' }), lambdaContext());
    const may = route.permission === null || MAY[route.permission].includes(role);
    expect(statusCode === 403).toBe(!may);
  });

  it('refuses every route but health without a token', async () => {
    const authenticate = async () => {
      throw new SafeBaseError('unauthenticated', 'no');
    };
    for (const route of ROUTES) {
      const key = `${route.method} ${route.path}`;
      const answers = {
        [key]: async () => ({ status: 200, body: {} }),
      } as unknown as Answers<'api-databases'>;
      const handler = httpHandler<'api-databases'>({ log: recordingLog(), authenticate }, answers);
      const { statusCode } = await handler(apiCall(key, { id }), lambdaContext());
      expect([key, statusCode === 401]).toEqual([key, key !== 'GET /health']);
    }
  });
});
