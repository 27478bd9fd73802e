import { SafeBaseError } from '../errors.ts';
import type { Route } from '../routes.ts';

/** Routes by API Gateway's key of them, such as `GET /backup/{id}`. */
export type RouteIndex = ReadonlyMap<string, Route>;

/** @throws Error where two routes would answer the same request: routers silently keep one of them */
export function indexRoutes(routes: readonly Route[]): RouteIndex {
  const shapes = new Set<string>();
  for (const { method, path } of routes) {
    const shape = `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`;
    if (shapes.has(shape)) throw new Error(`two routes answer ${shape}`);
    shapes.add(shape);
  }
  return new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
}

/** Why no route answers: the path is unknown, or only other methods are known there. */
export function notRouted(routes: RouteIndex, method: string, path: string): SafeBaseError {
  const methods = [...routes.values()]
    .filter((route) => pattern(route.path).test(path))
    .map((route) => route.method);
  if (methods.length === 0) return new SafeBaseError('not_found', 'there is no such path');
  return new SafeBaseError('method_not_allowed', `${method} is not possible here`, {
    details: { allow: [...new Set(methods)].sort() },
  });
}

const pattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`);
