import type { HttpApiModel } from '../template/http-api.ts';

type Route = HttpApiModel['routes'][number];

export interface RouteMatch {
  readonly route: Route;
  /** Decoded, by the names in the route's braces. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request as API Gateway does: the one with the most literal path, a method before `ANY`,
 * a greedy `{name+}` last, and `$default` where nothing else fits.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @param path as in the request line, without query
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const matches = routes.flatMap((route) => {
    const [wantedMethod = '', pattern = ''] = route.key.split(' ');
    if (wantedMethod !== method && wantedMethod !== 'ANY') return [];
    const pathParameters = matchPath(pattern, path);
    if (pathParameters === undefined) return [];
    // A literal segment sorts before a parameter, that before a greedy one, at the first place where two differ.
    const rank = pattern.replaceAll(/\{[^}]+\+\}/g, '\u{10FFFF}').replaceAll(/\{[^}]+\}/g, '\u{10FFFE}');
    return [{ route, pathParameters, rank: `${rank} ${wantedMethod === 'ANY' ? 1 : 0}` }];
  });
  const [best] = matches.sort((left, right) => (left.rank < right.rank ? -1 : 1));
  if (best !== undefined) return best;
  const fallback = routes.find(({ key }) => key === '$default');
  return fallback && { route: fallback, pathParameters: {} };
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const greedy = wanted.at(-1)?.endsWith('+}') ?? false;
  if (greedy ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [place, segment] of wanted.entries()) {
    const value = segment.endsWith('+}') ? given.slice(place).join('/') : (given[place] ?? '');
    const name = /^\{([^}+]+)\+?\}$/.exec(segment)?.[1];
    if (name === undefined ? segment !== value : value === '') return undefined;
    if (name !== undefined) parameters[name] = decode(value);
  }
  return parameters;
}

/** Percent-decoding that leaves malformed escapes as they are. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
