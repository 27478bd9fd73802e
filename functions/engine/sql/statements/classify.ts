import { nameOf } from './lexer.ts';
import type { SessionState } from './session-state.ts';
import type { Statement } from './statement-splitter.ts';
import { type CodeToken, isCode, TokenReader } from './token-reader.ts';

const PROGRAM_KINDS = ['trigger', 'procedure', 'function', 'event', 'package', 'package body'] as const;
type ProgramKind = (typeof PROGRAM_KINDS)[number];

/** What a statement of a dump does. Names are bare: the schema before them has been checked. */
type StatementKind =
  | { readonly kind: 'session'; readonly assignments: readonly { variable: string; value: string }[] }
  | { readonly kind: 'database'; readonly characterSet: string; readonly collation: string }
  | { readonly kind: 'commit' | 'unlock' }
  | { readonly kind: 'lock' | 'keys' | 'histogram' | 'sequence' | 'sequence value'; readonly name: string }
  | ({ readonly kind: 'table'; readonly name: string } & TableTraits)
  | { readonly kind: 'drop'; readonly of: 'table' | 'view' | 'sequence' | ProgramKind; readonly name: string }
  /** A view that only has the columns, until all that the real one needs is there. */
  | { readonly kind: 'stand-in'; readonly name: string }
  | { readonly kind: 'view' | ProgramKind; readonly name: string };

/** What of a table decides where its rows end up. */
export interface TableTraits {
  readonly engines: readonly string[];
  /** A default draws numbers from a sequence of another schema. */
  readonly drawsElsewhere: boolean;
}

export type Classified = StatementKind & { readonly tokens: readonly CodeToken[] };

/** Whether it makes a program: what runs later, and may hold statements in its strings. */
export const isProgram = ({ kind }: Pick<Classified, 'kind'>): boolean =>
  PROGRAM_KINDS.some((program) => program === kind);

interface Context {
  readonly reader: TokenReader;
  readonly statement: Statement;
  readonly session: SessionState;
  /** The name that may stand before the name of a target. */
  readonly schema: string;
}

const PROGRAMS: readonly ProgramKind[] = ['trigger', 'procedure', 'function', 'event'];

/**
 * Says what a statement does, if it is one of those that the dump tools write. The list is closed: what is not on it,
 * and what aims outside its schema, is refused. A statement that changes the session is applied to `session`.
 * @throws `dump_escapes_target`
 */
export function classify(statement: Statement, session: SessionState, schema: string): Classified {
  const reader = new TokenReader(statement);
  const context: Context = { reader, statement, session, schema };
  const kind = readKind(context);
  // A server that skips a version comment must not see another statement: only settings may hang on its version.
  const isSkippable = kind.kind === 'session' || kind.kind === 'histogram';
  if (reader.tokens[0]?.isOptional && !isSkippable) throw reader.refuse('only some servers would run it');
  return { ...kind, tokens: reader.tokens };
}

function readKind(context: Context): StatementKind {
  const { reader, session, statement } = context;
  if (reader.tryTake('SET')) return { kind: 'session', assignments: session.set(statement, reader) };
  if (reader.tryTake('CREATE')) return readCreate(context);
  if (reader.tryTake('DROP')) return readDrop(context);
  if (reader.tryTake('ALTER', 'TABLE')) return readKeys(context);
  if (reader.tryTake('ALTER', 'DATABASE')) return readDatabase(context);
  if (reader.tryTake('LOCK', 'TABLES')) return readLock(context);
  if (reader.tryTake('DO', 'SETVAL') || reader.tryTake('SELECT', 'SETVAL')) return readSequenceValue(context);
  if (reader.tryTake('ANALYZE', 'TABLE')) return readHistogram(context);
  const bare = reader.tryTake('COMMIT')
    ? 'commit'
    : reader.tryTake('UNLOCK', 'TABLES')
      ? 'unlock'
      : undefined;
  if (bare === undefined) throw reader.refuse('no dump tool writes such a statement');
  reader.expectEnd();
  return { kind: bare };
}

/** A name, perhaps with its own schema before it. Nothing of it may hang on the version of the server. */
function takeTarget({ reader, schema }: Pick<Context, 'reader' | 'schema'>): string {
  const before = reader.rest.length;
  const first = reader.takeName();
  const isQualified = reader.tryTake('.');
  const name = isQualified ? reader.takeName() : first;
  const taken = reader.tokens.slice(-before, reader.tokens.length - reader.rest.length);
  const isFirstOptional = reader.tokens[0]?.isOptional;
  if (!isFirstOptional && (taken.some((token) => token.isOptional) || isCode(reader.peek(), '.'))) {
    throw reader.refuse('its target hangs on the version of the server');
  }
  if (isQualified && first !== schema) throw reader.refuse(`it aims at schema ${first}`);
  return name;
}

function readCreate(context: Context): StatementKind {
  const { reader } = context;
  if (reader.tryTake('TABLE')) return readTable(context);
  if (reader.tryTake('SEQUENCE')) return { kind: 'sequence', name: takeTarget(context) };
  if (reader.tryTake('VIEW')) return readView(context, true);
  reader.tryTake('OR', 'REPLACE');
  reader.tryTake('AGGREGATE');
  if (reader.tryTake('ALGORITHM', '=')) reader.take();
  if (reader.tryTake('DEFINER', '=')) takeAccount(reader);
  reader.tryTake('AGGREGATE');
  if (reader.tryTake('SQL', 'SECURITY')) reader.take();
  if (reader.tryTake('VIEW')) return readView(context, false);
  const kind = takeProgramKind(reader);
  reader.tryTake('IF', 'NOT', 'EXISTS');
  const name = takeTarget(context);
  if (kind === 'trigger') expectOwnTable(context);
  expectHeadOnEveryServer(reader);
  return { kind, name };
}

/** What comes before the name of the object must not hang on the version of the server either. */
function expectHeadOnEveryServer(reader: TokenReader): void {
  const head = reader.tokens.slice(0, reader.tokens.length - reader.rest.length);
  if (head.some((token) => token.isOptional))
    throw reader.refuse('what it makes hangs on the version of the server');
}

function takeProgramKind(reader: TokenReader): ProgramKind {
  if (reader.tryTake('PACKAGE', 'BODY')) return 'package body';
  if (reader.tryTake('PACKAGE')) return 'package';
  const kind = PROGRAMS.find((program) => reader.tryTake(program.toUpperCase()));
  if (!kind) throw reader.refuse('no dump tool makes such a thing');
  return kind;
}

/** `user@host`, each bare or quoted, a role, or CURRENT_USER. */
function takeAccount(reader: TokenReader): void {
  do reader.take();
  while (reader.tryTake('@'));
  if (reader.tryTake('(')) reader.expect(')');
}

function expectOwnTable(context: Context): void {
  const { reader } = context;
  while (!reader.tryTake('ON')) reader.take();
  takeTarget(context);
}

function readTable(context: Context): StatementKind {
  const { reader } = context;
  reader.tryTake('IF', 'NOT', 'EXISTS');
  const name = takeTarget(context);
  expectHeadOnEveryServer(reader);
  reader.expect('(');
  const body = reader.rest;
  if (body.some((token, index) => isQuery(token, body[index + 1]))) {
    throw reader.refuse('it does more than make a table');
  }
  const engines = body.flatMap((token, index) =>
    isCode(token, 'ENGINE') ? [(body[index + 2]?.text ?? '').toUpperCase()] : [],
  );
  const drawsElsewhere = body.some((_, index) => {
    const schema = schemaOfSequence(context.statement, body.slice(index, index + 4));
    return schema !== undefined && schema !== context.schema;
  });
  return { kind: 'table', name, engines, drawsElsewhere };
}

/** In `nextval(schema.name` and `NEXT VALUE FOR schema.name`, the schema. */
function schemaOfSequence(statement: Statement, tokens: readonly CodeToken[]): string | undefined {
  const [first, second, third, fourth] = tokens;
  const isFunction = isCode(first, 'NEXTVAL') && isCode(second, '(') && isCode(fourth, '.');
  const isPhrase = isCode(first, 'FOR') && isCode(third, '.');
  const name = isFunction ? third : isPhrase ? second : undefined;
  return name && nameOf(statement.text, name);
}

/** A table may be filled by a query as it is made, and queries call functions; `ROW START` and `ROW END` are columns. */
function isQuery(token: CodeToken, next: CodeToken | undefined): boolean {
  if (isCode(token, 'ROW')) return !isCode(next, 'START') && !isCode(next, 'END');
  if (isCode(token, 'VALUES')) return isCode(next, '(');
  return ['SELECT', 'TABLE', 'DELIMITER', '\\', ';'].some((word) => isCode(token, word));
}

/** @param mayStandIn whether nothing but CREATE VIEW was said: only a stand-in has neither algorithm nor definer */
function readView(context: Context, mayStandIn: boolean): StatementKind {
  const { reader } = context;
  const name = takeTarget(context);
  expectHeadOnEveryServer(reader);
  if (!mayStandIn) return { kind: 'view', name };
  reader.expect('AS', 'SELECT');
  do {
    // mariadb-dump of before 11.8.9 and mysqldump write 1, newer ones NULL.
    if (!reader.tryTake('NULL')) reader.expect('1');
    reader.expect('AS');
    reader.takeName();
  } while (reader.tryTake(','));
  reader.expectEnd();
  return { kind: 'stand-in', name };
}

function readDrop(context: Context): StatementKind {
  const { reader } = context;
  const others = ['table', 'view', 'sequence'] as const;
  const of = others.find((thing) => reader.tryTake(thing.toUpperCase())) ?? takeProgramKind(reader);
  reader.expect('IF', 'EXISTS');
  const name = takeTarget(context);
  reader.expectEnd();
  expectHeadOnEveryServer(reader);
  return { kind: 'drop', of, name };
}

function readKeys(context: Context): StatementKind {
  const name = takeTarget(context);
  if (!context.reader.tryTake('DISABLE')) context.reader.expect('ENABLE');
  context.reader.expect('KEYS');
  context.reader.expectEnd();
  return { kind: 'keys', name };
}

function readDatabase({ reader, schema }: Context): StatementKind {
  if (reader.takeName() !== schema) throw reader.refuse('it changes another schema');
  reader.expect('CHARACTER', 'SET');
  const characterSet = reader.takeName();
  reader.expect('COLLATE');
  const collation = reader.takeName();
  reader.expectEnd();
  if (!/^\w+$/.test(characterSet + collation)) throw reader.refuse('it has an odd character set');
  return { kind: 'database', characterSet, collation };
}

function readLock(context: Context): StatementKind {
  const name = takeTarget(context);
  if (!context.reader.tryTake('READ')) context.reader.expect('WRITE');
  context.reader.expectEnd();
  return { kind: 'lock', name };
}

function readSequenceValue(context: Context): StatementKind {
  const { reader } = context;
  reader.expect('(');
  const name = takeTarget(context);
  while (!reader.tryTake(')')) {
    const { text } = reader.take();
    if (!/^(?:,|-|\d+)$/.test(text)) throw reader.refuse('it has more than numbers');
  }
  reader.expectEnd();
  return { kind: 'sequence value', name };
}

/** The columns and the number of buckets; the server computes the rest. */
function readHistogram(context: Context): StatementKind {
  const { reader } = context;
  const name = takeTarget(context);
  reader.expect('UPDATE', 'HISTOGRAM', 'ON');
  do reader.takeName();
  while (reader.tryTake(','));
  reader.expect('WITH');
  reader.take();
  reader.expect('BUCKETS');
  if (reader.tryTake('AUTO') || reader.tryTake('MANUAL')) reader.expect('UPDATE');
  reader.expectEnd();
  return { kind: 'histogram', name };
}
