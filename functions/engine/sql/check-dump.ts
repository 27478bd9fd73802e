import { NO_OBJECTS, type ObjectCounts } from '../contents.ts';
import { decompressDump } from './decompress-dump.ts';
import type { CheckedDump, CheckInput, OutsideNeed, SeenSoFar } from './format-sql.ts';
import { namesSchema } from './names-schema.ts';
import { outsideNeeds } from './outside-needs.ts';
import { type Classified, isProgram } from './statements/classify.ts';
import { describe } from './statements/describe.ts';
import { nameOf } from './statements/lexer.ts';
import { type ChooseStatement, type DumpItem, StatementReader } from './statements/read-statements.ts';
import { isCode } from './statements/token-reader.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads a whole stored dump and touches no server: proves that it is complete, that every statement is one that the dump
 * tools write for this schema alone, and finds what would still name the old schema under a new name.
 * @throws `backup_damaged`, `dump_truncated`, `dump_escapes_target`, what the source throws, the reason of the signal
 */
export async function checkDump(input: CheckInput): Promise<CheckedDump> {
  const check = new DumpCheck(input.schema, input.targetSchema);
  const onProgress = (bytes: number): void => input.onProgress(bytes, check.seen());
  for await (const text of decompressDump({ ...input, onProgress })) check.take(text);
  check.end();
  onProgress(input.dumpBytes);
  return check.result();
}

/** Looks through the text of a dump while it passes by. */
export class DumpCheck {
  readonly #reader: StatementReader;
  readonly #schema: string;
  readonly #isRenamed: boolean;
  readonly #choose: ChooseStatement;
  readonly #created: Mutable<ObjectCounts> = { ...NO_OBJECTS };
  readonly #rows = new Map<string, number>();
  #allRows = 0;
  readonly #engines = new Set<string>();
  readonly #collations = new Set<string>();
  readonly #sqlModes = new Set<string>();
  readonly #names = new Set<string>();
  readonly #outsideNeeds: OutsideNeed[] = [];
  readonly #carriesName = new Set<string>();
  readonly #halfRead: string[] = [];
  readonly #standIns = new Set<string>();
  #largestBytes = 0;
  #insertBytes = 0;

  /** @param choose what is to be made of a statement, where not all of the schema is */
  constructor(schema: string, targetSchema = schema, choose: ChooseStatement = (item) => item) {
    this.#choose = choose;
    this.#reader = new StatementReader(schema);
    this.#schema = schema;
    this.#isRenamed = schema !== targetSchema;
  }

  /** @throws `dump_escapes_target` */
  take(text: Buffer): void {
    for (const item of this.#reader.push(text)) this.#look(item);
  }

  /** @throws `dump_escapes_target` where the text ends within a statement */
  end(): void {
    for (const item of this.#reader.end()) this.#look(item);
  }

  /** Cheap enough to be asked at every batch. */
  seen(): SeenSoFar {
    return { tables: this.#created.tables, rows: this.#allRows };
  }

  /** What was found so far. */
  result(): CheckedDump {
    return {
      created: this.#created,
      tables: [...this.#rows].map(([name, rows]) => ({ name, rows })),
      engines: [...this.#engines],
      sqlModes: [...this.#sqlModes],
      collations: [...this.#collations],
      names: [...this.#names],
      outsideNeeds: this.#outsideNeeds,
      largestStatementBytes: this.#largestBytes,
      carriesName: [...this.#carriesName],
      halfRead: this.#halfRead,
    };
  }

  /** An INSERT comes in pieces: its head, then its rows. */
  #measure(item: Exclude<DumpItem, { type: 'comment' }>): void {
    const { length } = item.type === 'rows' ? item.bytes : item.text;
    this.#insertBytes = item.type === 'rows' ? this.#insertBytes + length : length;
    this.#largestBytes = Math.max(this.#largestBytes, this.#insertBytes);
  }

  #look(read: DumpItem): void {
    const item = read.type === 'statement' ? this.#choose(read) : read;
    if (item === undefined) return;
    if (item.type === 'comment') {
      if (tellsUnreadLibraries(item.text)) this.#halfRead.push('the libraries');
      return;
    }
    this.#measure(item);
    if (item.type === 'rows') {
      this.#allRows += item.rows;
      this.#rows.set(item.table, (this.#rows.get(item.table) ?? 0) + item.rows);
    }
    if (item.type !== 'statement') return;
    const { does, text, session } = item;
    const counted = COUNTED[does.kind];
    if (counted) this.#created[counted] += 1;
    if (does.kind === 'table' || does.kind === 'view' || does.kind === 'sequence') this.#names.add(does.name);
    if (does.kind === 'stand-in') this.#standIns.add(does.name);
    if (isHalfRead(does, session.namesCharacterSets, this.#standIns)) this.#halfRead.push(describe(does));
    // These are run by themselves, each in the session that it was made in.
    if (does.kind === 'view' || isProgram(does)) this.#sqlModes.add(session.settings.sqlMode);
    for (const name of collationsIn(text, does)) this.#collations.add(name);
    this.#outsideNeeds.push(...outsideNeeds(text, does, this.#schema));
    if (does.kind === 'table') {
      this.#rows.set(does.name, 0);
      for (const engine of does.engines) this.#engines.add(engine);
    }
    if (this.#isRenamed && namesSchema(text, does, this.#schema)) this.#carriesName.add(describe(does));
  }
}

/** What stands behind COLLATE, outside of strings and comments. */
function collationsIn(text: Buffer, { tokens }: Classified): readonly string[] {
  return tokens.flatMap((token, index) => {
    if (!isCode(token, 'COLLATE')) return [];
    const name = tokens[isCode(tokens[index + 1], '=') ? index + 2 : index + 1];
    return name?.type === 'word' || name?.type === 'name' ? [nameOf(text, name)] : [];
  });
}

/**
 * The dump tools ask for the parts of a view and of a trigger in queries of their own, and go on in silence where one
 * fails: without the character sets, or without the stand-in that other views need.
 */
function isHalfRead(does: Classified, namesCharacterSets: boolean, standIns: ReadonlySet<string>): boolean {
  if (does.kind === 'trigger') return !namesCharacterSets;
  return does.kind === 'view' && !(namesCharacterSets && standIns.has(does.name));
}

/** What mysqldump says of libraries that it could not list: the version of the server. */
const UNREAD_LIBRARIES =
  /^-- WARNING: can't read the INFORMATION_SCHEMA\.libraries table\..* old server (\d+)\.(\d+)/;

/**
 * mysqldump takes every server that refuses to list its libraries for one that knows none, and goes on: which is true
 * before 9.2 alone.
 * @see https://dev.mysql.com/doc/refman/9.7/en/create-library.html
 */
function tellsUnreadLibraries(comment: Buffer): boolean {
  const [, major, minor] = UNREAD_LIBRARIES.exec(comment.toString('latin1')) ?? [];
  return Number(major) > 9 || (Number(major) === 9 && Number(minor) >= 2);
}

const COUNTED: Readonly<Partial<Record<Classified['kind'], keyof ObjectCounts>>> = {
  table: 'tables',
  view: 'views',
  trigger: 'triggers',
  procedure: 'procedures',
  function: 'functions',
  event: 'events',
  sequence: 'sequences',
  package: 'packages',
  'package body': 'packages',
};
