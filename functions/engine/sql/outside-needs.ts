import type { OutsideNeed } from './format-sql.ts';
import type { Classified } from './statements/classify.ts';
import { describe } from './statements/describe.ts';
import { nameOf } from './statements/lexer.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/**
 * What a statement needs of other schemas at the moment in which it runs: the tables and views that a view reads, and
 * the parents of foreign keys. Servers print all names of a view in quotes, and a column's table by its alias where it
 * has one; a schema that is called like an alias or a column is only seen where the text leaves no doubt.
 */
export function outsideNeeds(text: Buffer, does: Classified, schema: string): readonly OutsideNeed[] {
  const needs =
    does.kind === 'view'
      ? readTables(text, does.tokens).map((table) => ({ ...table, right: 'SELECT' as const }))
      : does.kind === 'table'
        ? parentTables(text, does.tokens).map((table) => ({ ...table, right: 'REFERENCES' as const }))
        : [];
  return needs
    .filter((need) => need.schema.toLowerCase() !== schema.toLowerCase())
    .map((need) => ({ ...need, by: describe(does) }));
}

type Table = Pick<OutsideNeed, 'schema' | 'table'>;

function readTables(text: Buffer, tokens: readonly CodeToken[]): readonly Table[] {
  const paths = namePaths(text, tokens);
  // A qualifier that is none of these is no table: every table and alias stands somewhere without a column behind it.
  const names = new Set(paths.map(({ parts }) => (parts.length === 3 ? parts[1] : parts.at(-1))));
  return paths.flatMap(({ parts, next }) => {
    const [schema = '', table = ''] = parts;
    const isCall = isCode(next, '(');
    const isTable =
      parts.length === 3 || (parts.length === 2 && (next?.type === 'name' || !names.has(schema)));
    return isTable && !isCall ? [{ schema, table }] : [];
  });
}

/** In `REFERENCES schema.table`, both. */
const parentTables = (text: Buffer, tokens: readonly CodeToken[]): readonly Table[] =>
  tokens.flatMap((token, index) => {
    const [schema, dot, table] = tokens.slice(index + 1, index + 4);
    if (!isCode(token, 'REFERENCES') || !schema || !isCode(dot, '.') || !table) return [];
    return [{ schema: nameOf(text, schema), table: nameOf(text, table) }];
  });

interface NamePath {
  readonly parts: readonly string[];
  /** The token behind it. */
  readonly next: CodeToken | undefined;
}

/** Quoted names, each with those that a dot joins to it. */
function namePaths(text: Buffer, tokens: readonly CodeToken[]): readonly NamePath[] {
  const paths: NamePath[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const parts: string[] = [];
    for (let token = tokens[index]; token?.type === 'name'; token = tokens[index]) {
      parts.push(nameOf(text, token));
      index += 1;
      if (!isCode(tokens[index], '.')) break;
      index += 1;
    }
    if (parts.length === 0) continue;
    paths.push({ parts, next: tokens[index] });
    // The token behind may begin another path.
    index -= 1;
  }
  return paths;
}
