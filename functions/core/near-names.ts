/** So many are told. */
const MAX_TOLD = 3;

/** The names that somebody may have meant, the nearest first: at most a third of their letters are others. */
export function nearNames(wanted: string, names: readonly string[]): readonly string[] {
  const asked = wanted.toLowerCase();
  return names
    .map((name) => ({ name, changes: changesBetween(asked, name.toLowerCase()) }))
    .filter(({ name, changes }) => changes <= Math.max(2, Math.ceil(name.length / 3)))
    .sort((one, other) => one.changes - other.changes)
    .slice(0, MAX_TOLD)
    .map(({ name }) => name);
}

/** How many letters must be put in, taken out or changed (Levenshtein's distance). */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [place, against] of [...other].entries()) {
      const changed = (row[place] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(changed, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
