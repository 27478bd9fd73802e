/** Compares what was read of two servers. */
import { type Content, type Fact, HIDDEN_PROPERTIES, type RowSet } from './content.ts';

/** One thing that is not the same. */
export interface Difference {
  /** `shop.orders`, or the schema alone. */
  readonly object: string;
  /** What of it: a property, or its rows. */
  readonly what: string;
  /** As it is in the source; absent where only the copy has it. */
  readonly source?: string;
  /** As it is in the copy; absent where only the source has it. */
  readonly copy?: string;
}

/**
 * Every difference, in the order of the objects; none where the two are the same. Reads again only to show a row.
 * Between servers of two versions, properties that only one of them has at all are left out.
 */
export async function compareContents(source: Content, copy: Content): Promise<Difference[]> {
  if (JSON.stringify(source.losses) !== JSON.stringify(copy.losses))
    throw new Error('both sides of a comparison must be read with the same losses');
  if (source.facts.length === 0) throw new Error('the source holds none of the schemas: nothing to compare');
  return [
    ...compareFacts(comparableFacts(source, copy), comparableFacts(copy, source)),
    ...(await compareRows(source.rows, copy.rows)),
  ];
}

/** The facts of one side that the other can have as well. */
function comparableFacts(side: Content, other: Content): readonly Fact[] {
  const unread = [...side.unread, ...other.unread];
  const hidden = ({ property, schema, object }: Fact): boolean =>
    HIDDEN_PROPERTIES.includes(property) &&
    unread.some((table) => table.schema === schema && table.object === object);
  const facts = side.facts.filter((fact) => !hidden(fact));
  if (side.version === other.version) return facts;
  // All rows of a view of the catalogue have the same columns: one row shows which there are.
  const known = new Map<string, Set<string>>();
  for (const { kind, property } of other.facts) {
    const properties = known.get(kind) ?? new Set();
    known.set(kind, properties.add(property));
  }
  return facts.filter(({ kind, property }) => {
    const properties = known.get(kind);
    return properties === undefined || HIDDEN_PROPERTIES.includes(property) || properties.has(property);
  });
}

/** Compares object by object, so that one that is gone makes one line and not one for each of its properties. */
function compareFacts(source: readonly Fact[], copy: readonly Fact[]): Difference[] {
  const left = grouped(source);
  const right = grouped(copy);
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const [here, there] = [left.get(key), right.get(key)];
    const fact = here?.[0] ?? there?.[0];
    if (fact === undefined) return [];
    const object = objectName(fact.schema, fact.object);
    const what = [fact.kind, fact.part].filter((word) => word !== '').join(' ');
    if (here === undefined || there === undefined) {
      return [{ object, what, ...(here === undefined ? { copy: 'is there' } : { source: 'is there' }) }];
    }
    return compareProperties(here, there).map((difference) => ({
      object,
      what: `${what} ${difference.property}`,
      ...difference.sides,
    }));
  });
}

function compareProperties(source: readonly Fact[], copy: readonly Fact[]) {
  const left = byKey(source, ({ property }) => property);
  const right = byKey(copy, ({ property }) => property);
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((property) => {
    const [here, there] = [left.get(property)?.value, right.get(property)?.value];
    return here === there ? [] : [{ property, sides: sides(here, there) }];
  });
}

async function compareRows(source: readonly RowSet[], copy: readonly RowSet[]): Promise<Difference[]> {
  const left = byKey(source, rowsKey);
  const right = byKey(copy, rowsKey);
  const differences: Difference[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const difference = await compareRowSets(left.get(key), right.get(key));
    if (difference !== undefined) differences.push(difference);
  }
  return differences;
}

async function compareRowSets(source?: RowSet, copy?: RowSet): Promise<Difference | undefined> {
  const either = source ?? copy;
  if (either === undefined) return undefined;
  const object = objectName(either.schema, either.table);
  if (source === undefined || copy === undefined) {
    return { object, what: 'rows', ...sides(countOf(source), countOf(copy)) };
  }
  const { onlyLeft, onlyRight } = setDifference(source.digests, copy.digests);
  if (onlyLeft.count === 0 && onlyRight.count === 0) return undefined;
  return {
    object,
    what: 'rows',
    ...sides(await describeSide(source, onlyLeft), await describeSide(copy, onlyRight)),
  };
}

/** The rows of one side that the other has not, and the first of them. */
interface Surplus {
  count: number;
  first?: bigint;
}

/** Walks two sorted lists side by side; equal rows are counted, not merged. */
function setDifference(
  left: BigUint64Array,
  right: BigUint64Array,
): { onlyLeft: Surplus; onlyRight: Surplus } {
  const onlyLeft: Surplus = { count: 0 };
  const onlyRight: Surplus = { count: 0 };
  const note = (surplus: Surplus, word: bigint): void => {
    surplus.first ??= word;
    surplus.count += 1;
  };
  let [at, other] = [0, 0];
  for (;;) {
    const [here, there] = [left[at], right[other]];
    if (here === undefined && there === undefined) return { onlyLeft, onlyRight };
    if (here === there) {
      at += 1;
      other += 1;
    } else if (there === undefined || (here !== undefined && here < there)) {
      if (here !== undefined) note(onlyLeft, here);
      at += 1;
    } else {
      note(onlyRight, there);
      other += 1;
    }
  }
}

async function describeSide(set: RowSet, surplus: Surplus): Promise<string> {
  const all = `${set.count} rows`;
  if (surplus.first === undefined) return `${all}, all of them on the other side too`;
  // The connection may be closed by now: then the difference stands without its example.
  const example =
    (await set.describe(surplus.first).catch(() => undefined)) ?? 'a row that is gone meanwhile';
  return `${all}, ${surplus.count} not on the other side, such as ${example}`;
}

const byKey = <T>(list: readonly T[], key: (item: T) => string): Map<string, T> => {
  const map = new Map(list.map((item) => [key(item), item]));
  if (map.size !== list.length)
    throw new Error('two facts with one name: the comparison would pass one over');
  return map;
};

const grouped = (facts: readonly Fact[]): Map<string, Fact[]> =>
  Map.groupBy(facts, ({ schema, kind, object, part }) => JSON.stringify([schema, kind, object, part]));
const rowsKey = ({ schema, table }: RowSet): string => JSON.stringify([schema, table]);
const objectName = (schema: string, object: string): string =>
  object === '' ? schema : `${schema}.${object}`;
const countOf = (set: RowSet | undefined): string | undefined =>
  set === undefined ? undefined : `${set.count} rows`;

const sides = (
  source: string | undefined,
  copy: string | undefined,
): Pick<Difference, 'source' | 'copy'> => ({
  ...(source === undefined ? {} : { source }),
  ...(copy === undefined ? {} : { copy }),
});
