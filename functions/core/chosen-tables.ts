import type { PlacedTable } from '../engine/parallel/choose-statement.ts';
import type { SequenceStatement } from '../engine/parallel/table-definitions.ts';
import type { ChooseStatement } from '../engine/sql/statements/read-statements.ts';
import type { RestoreId } from './ids.ts';
import type { RestoredTable } from './run.ts';

/** Some tables of one schema of a restore. They are loaded under names of their own and get theirs when all is proved. */
export interface ChosenTables {
  readonly tables: readonly ChosenTable[];
  /** Sequences that the target lacks and that defaults draw from. */
  readonly sequences: readonly ChosenSequence[];
  /** What becomes of the statements of their schema. */
  readonly choose: ChooseStatement;
  /** What does not come along, such as "trigger `t` of `orders`: …". */
  readonly leftOut: readonly string[];
}

export interface ChosenTable {
  /** In the backup. */
  readonly name: string;
  /** On the target, in the end. */
  readonly as: string;
  /** Until then. */
  readonly loadedAs: string;
  readonly rows: number;
}

export interface ChosenSequence {
  readonly name: string;
  readonly loadedAs: string;
  readonly statements: readonly SequenceStatement[];
}

/** How the names begin of all that a restore has made and not put in place yet; nobody else's do. */
export const prefixOf = (id: RestoreId): string => `safebase_${id.toLowerCase()}_`;

/** A text about tables by the names that people know. */
export function showTables(chosen: ChosenTables | undefined, text: string): string {
  const names = [...(chosen?.tables ?? [])].reverse();
  return names.reduce((told, { loadedAs, as }) => told.replaceAll(loadedAs, as), text);
}

/** The same of what came of them. */
export const showCompared = (
  chosen: ChosenTables | undefined,
  compared: readonly RestoredTable[],
): readonly RestoredTable[] => compared.map((table) => ({ ...table, name: showTables(chosen, table.name) }));

/** What a table of the backup is called where its rows are compared. */
export const loadedName = (chosen: ChosenTables | undefined, name: string): string =>
  chosen?.tables.find((table) => table.name === name)?.loadedAs ?? name;

/** All that does not come along, by the names that people know. */
export const leftOutOf = (
  chosen: ChosenTables | undefined,
  { leftOut }: { readonly leftOut: readonly string[] },
): readonly string[] => [...(chosen?.leftOut ?? []), ...leftOut.map((told) => showTables(chosen, told))];

/** What a restore of tables has made under its final name before all was proved. */
export interface MadeBefore {
  readonly schemas: string[];
  readonly sequences: PlacedTable[];
  /** Tables that were proved are getting their names, or have them: from now on nothing is taken back. */
  isPutting: boolean;
  /** Called when all that was made is gone again. */
  whenTakenBack: () => void;
}

export const nothingMade = (): MadeBefore => ({
  schemas: [],
  sequences: [],
  isPutting: false,
  whenTakenBack: () => {},
});
