/** Whether a text is of a pattern as IAM writes it: `*` is any text, `?` any character. */
export function matchesWildcard(pattern: string, given: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(given);
}
