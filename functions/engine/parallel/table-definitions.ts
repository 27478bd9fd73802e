import { decompressDump } from '../sql/decompress-dump.ts';
import { nameAt, type PlacedName } from '../sql/edit-statement.ts';
import { definerOf } from '../sql/rewrite-definer.ts';
import { readStatements, type StatementItem } from '../sql/statements/read-statements.ts';
import { type CodeToken, isCode } from '../sql/statements/token-reader.ts';

/** What the definition of a table says of others, each where it stands. */
export interface TableMentions {
  /** The table itself. */
  readonly self: PlacedName;
  /** Tables that its foreign keys refer to. */
  readonly parents: readonly PlacedName[];
  /** Sequences that defaults draw from. */
  readonly sequences: readonly PlacedName[];
  /** Foreign keys and CHECKs with a name; the place is that of `CONSTRAINT name`. */
  readonly constraints: readonly (PlacedName & { readonly of: 'FOREIGN KEY' | 'CHECK' })[];
}

interface FoundTrigger {
  readonly name: string;
  readonly table: string;
  /** As whom it runs, as `user@host`. */
  readonly definer: string | undefined;
  /** The collation that the schema had when it was written, where the dump switches to it. */
  readonly schemaCollation: string | undefined;
}

/** A statement that makes a sequence or sets its value, with the place of the sequence's name. */
export interface SequenceStatement {
  readonly text: Buffer;
  readonly name: PlacedName;
}

/** What the definitions of a schema say, as far as it matters to a restore of some tables. */
export interface TableDefinitions {
  readonly tables: ReadonlyMap<string, TableMentions>;
  readonly triggers: readonly FoundTrigger[];
  /** Sequence → the statements that make it and set its value. */
  readonly sequences: ReadonlyMap<string, readonly SequenceStatement[]>;
}

const DRAWS = ['NEXTVAL', 'LASTVAL', 'SETVAL'];

/** Where a CREATE TABLE names itself and others. @throws Error where it is none */
export function mentionsOf({ text, does: { tokens } }: Pick<StatementItem, 'text' | 'does'>): TableMentions {
  const self = nameAt(text, tokens, isCode(tokens[2], 'IF') ? 5 : 2);
  if (self === undefined) throw new Error('a table without a name');
  const parents: PlacedName[] = [];
  const sequences: PlacedName[] = [];
  const constraints: TableMentions['constraints'][number][] = [];
  const put = (list: PlacedName[], index: number): void => {
    const name = nameAt(text, tokens, index);
    if (name) list.push(name);
  };
  for (const [index, token] of tokens.entries()) {
    if (isCode(token, 'REFERENCES')) put(parents, index + 1);
    if (DRAWS.some((word) => isCode(token, word)) && isCode(tokens[index + 1], '('))
      put(sequences, index + 2);
    if (isCode(token, 'VALUE') && isCode(tokens[index + 1], 'FOR')) put(sequences, index + 2);
    const of = isCode(token, 'CONSTRAINT') ? kindOfConstraint(tokens, index + 2) : undefined;
    const name = of && nameAt(text, tokens, index + 1);
    if (of && name) constraints.push({ ...name, of, start: token.start });
  }
  return { self, parents, sequences, constraints };
}

function kindOfConstraint(tokens: readonly CodeToken[], index: number) {
  if (isCode(tokens[index], 'CHECK')) return 'CHECK';
  return isCode(tokens[index], 'FOREIGN') ? 'FOREIGN KEY' : undefined;
}

/** The table that a CREATE TRIGGER is for. */
export function tableOfTrigger({
  text,
  does: { tokens },
}: Pick<StatementItem, 'text' | 'does'>): PlacedName | undefined {
  return nameAt(text, tokens, tokens.findIndex((token) => isCode(token, 'ON')) + 1);
}

interface TextInput {
  readonly dump: AsyncIterable<Buffer>;
  readonly dumpBytes: number;
}

/**
 * Reads what a schema is made of and touches no server.
 * @param texts both of the schema
 * @throws as `readStatements`, what `dump` throws, the reason of the signal
 */
export async function readTableDefinitions(
  schema: string,
  texts: readonly TextInput[],
  signal: AbortSignal,
): Promise<TableDefinitions> {
  const tables = new Map<string, TableMentions>();
  const triggers: FoundTrigger[] = [];
  const sequences = new Map<string, SequenceStatement[]>();
  for (const input of texts) {
    const text = decompressDump({ ...input, signal, onProgress: () => {} });
    for await (const item of readStatements(text, schema)) {
      if (item.type !== 'statement') continue;
      const { does } = item;
      if (does.kind === 'table') tables.set(does.name, mentionsOf(item));
      if (does.kind === 'sequence' || does.kind === 'sequence value') {
        // CREATE SEQUENCE name; DO SETVAL ( name
        const name = nameAt(item.text, does.tokens, does.kind === 'sequence' ? 2 : 3);
        const made = sequences.get(does.name) ?? [];
        if (name) sequences.set(does.name, [...made, { text: Buffer.from(item.text), name }]);
      }
      if (does.kind === 'trigger') {
        triggers.push({
          name: does.name,
          table: tableOfTrigger(item)?.name ?? '',
          definer: definerOf(item.text, does.tokens),
          schemaCollation: item.session.settings.databaseCollation?.collation,
        });
      }
    }
  }
  return { tables, triggers, sequences };
}
