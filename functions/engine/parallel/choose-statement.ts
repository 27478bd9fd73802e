import { quoteName } from '../connection.ts';
import { type Edit, editStatement, nameAt, type PlacedName } from '../sql/edit-statement.ts';
import type { StatementItem } from '../sql/statements/read-statements.ts';
import { isCode } from '../sql/statements/token-reader.ts';
import { mentionsOf, tableOfTrigger } from './table-definitions.ts';

/** Some tables of a schema, and how they are made beside what stands on the target. */
export interface TableChoice {
  readonly schema: string;
  readonly targetSchema: string;
  /** What a table is called while it is loaded; only tables that are in here are made. */
  readonly loadedAs: (schema: string, table: string) => PlacedTable | undefined;
  /** Triggers that are made. */
  readonly triggers: ReadonlySet<string>;
  /** Names of constraints that are taken on the target, in lower case: theirs the server makes up. */
  readonly takenConstraints: ReadonlySet<string>;
}

export interface PlacedTable {
  readonly schema: string;
  readonly name: string;
}

/**
 * What becomes of a statement where only some tables of its schema are restored: the tables, under the names that they
 * have while they are loaded, their histograms and triggers. Nothing is ever dropped, and the schema keeps its defaults.
 * @returns nothing where it is for another object
 */
export function chooseStatement(item: StatementItem, choice: TableChoice): StatementItem | undefined {
  const { does } = item;
  switch (does.kind) {
    case 'session':
      return item;
    case 'table':
      return edited(item, choice, does.name, tableEdits(item, choice));
    case 'histogram':
      return edited(item, choice, does.name, histogramEdits(item, choice));
    case 'trigger':
      return choice.triggers.has(does.name) ? withoutCollation(triggerOn(item, choice)) : undefined;
    default:
      return undefined;
  }
}

function edited(
  item: StatementItem,
  { schema, loadedAs }: TableChoice,
  name: string,
  edits: readonly Edit[],
): StatementItem | undefined {
  const table = loadedAs(schema, name);
  if (table === undefined) return undefined;
  const { text, tokens } = editStatement(item.text, item.does, edits);
  return { ...item, text, does: { ...item.does, name: table.name, tokens } as StatementItem['does'] };
}

function tableEdits(item: StatementItem, choice: TableChoice): readonly Edit[] {
  const { schema, targetSchema, takenConstraints } = choice;
  const { self, parents, sequences, constraints } = mentionsOf(item);
  const taken = constraints.filter(({ name }) => takenConstraints.has(name.toLowerCase()));
  const own = sequences.filter((sequence) => sequence.schema === schema);
  return [
    ...[self, ...parents].flatMap((name) => nameEdits(name, choice)),
    ...own.map(({ start, end, name }) => ({
      start,
      end,
      text: `${quoteName(targetSchema)}.${quoteName(name)}`,
    })),
    ...taken.map(({ start, end }) => ({ start, end, text: '' })),
  ];
}

/** A table that is restored too is called as it is while it is loaded; RENAME TABLE takes foreign keys along. */
function nameEdits(
  { schema: named, name, start, end }: PlacedName,
  { schema, targetSchema, loadedAs }: TableChoice,
): readonly Edit[] {
  const table = loadedAs(named ?? schema, name);
  if (table === undefined) return [];
  const before = table.schema === targetSchema ? '' : `${quoteName(table.schema)}.`;
  return [{ start, end, text: `${before}${quoteName(table.name)}` }];
}

function histogramEdits({ text, does: { tokens } }: StatementItem, choice: TableChoice): readonly Edit[] {
  const name = nameAt(text, tokens, tokens.findIndex((token) => isCode(token, 'TABLE')) + 1);
  return name ? nameEdits(name, choice) : [];
}

function triggerOn(item: StatementItem, choice: TableChoice): StatementItem {
  const table = tableOfTrigger(item);
  const edits = table ? nameEdits(table, choice) : [];
  const { text, tokens } = editStatement(item.text, item.does, edits);
  return { ...item, text, does: { ...item.does, tokens } };
}

/** To make a program under another collation of its schema, the schema itself would have to be changed for a moment. */
function withoutCollation(item: StatementItem): StatementItem {
  const { isPlain, namesCharacterSets, settings } = item.session;
  const { databaseCollation: _, ...others } = settings;
  return { ...item, session: { isPlain, namesCharacterSets, settings: others } };
}
