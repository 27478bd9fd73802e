import { SafeBaseError } from '../../errors.ts';

/** So many names of each kind are told. */
const MAX_TOLD = 10;

/**
 * Refuses a target that would change names or take two of them for one: tables would get lost, or be found by nobody.
 * Only schemas, tables, views and sequences have names that such a server folds.
 * @param lowerCaseTableNames the target's setting; 1: it keeps names in lower case only, 2: it does not tell case apart
 * @param names what is to be made
 * @param beside names that are there already
 * @throws `names_changed`
 * @see https://dev.mysql.com/doc/refman/9.7/en/identifier-case-sensitivity.html
 */
export function refuseFoldedNames(
  lowerCaseTableNames: number,
  names: readonly string[],
  beside: readonly string[] = [],
): void {
  if (lowerCaseTableNames === 0) return;
  const changed = lowerCaseTableNames === 1 ? names.filter((name) => name !== name.toLowerCase()) : [];
  if (changed.length > 0) throw refusal(lowerCaseTableNames, 'keeps in lower case only', changed);
  const seen = new Map(beside.map((name) => [name.toLowerCase(), name]));
  const alike = names.flatMap((name) => {
    const other = seen.get(name.toLowerCase()) ?? name;
    seen.set(name.toLowerCase(), name);
    return other === name ? [] : [other, name];
  });
  if (alike.length > 0) throw refusal(lowerCaseTableNames, 'takes for one and the same', alike);
}

function refusal(setting: number, does: string, names: readonly string[]): SafeBaseError {
  const told = names.slice(0, MAX_TOLD).map((name) => JSON.stringify(name));
  const more = names.length > MAX_TOLD ? ` and ${names.length - MAX_TOLD} more` : '';
  return new SafeBaseError(
    'names_changed',
    `the target has lower_case_table_names = ${setting} and ${does}: ${told.join(', ')}${more}`,
  );
}
