/** Paths and queries in the one spelling that both sides of a signature agree on. */
import { AwsError } from './aws-error.ts';

/** The query with its escapes removed; of a name given twice, the last. */
export function queryOf(url: string): ReadonlyMap<string, string> {
  return new Map(queryPairs(url));
}

/** The path of a request line, still escaped. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/**
 * The path as it is signed: every service but S3 escapes once more what stood in the request line.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalPath(url: string, service: string): string {
  const segments = pathOf(url).split('/');
  const plain = service === 's3' ? segments.map(decodeUri) : segments;
  return plain.map(encodeUri).join('/') || '/';
}

/** All of the query but the signature itself, sorted. */
export function canonicalQuery(url: string): string {
  return queryPairs(url)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort(([leftName, leftValue], [rightName, rightValue]) =>
      leftName === rightName ? compare(leftValue, rightValue) : compare(leftName, rightName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** RFC 3986: everything but letters, digits and `-._~`. */
export const encodeUri = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** @throws AwsError `InvalidURI` */
export function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}

function queryPairs(url: string): [name: string, value: string][] {
  const start = url.indexOf('?');
  if (start < 0) return [];
  return url
    .slice(start + 1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decodeUri(name.replaceAll('+', ' ')), decodeUri(value.replaceAll('+', ' '))];
    });
}

// By code unit: the escaped names are ASCII, and AWS sorts bytes.
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
