import type { SessionSettings } from '../format-sql.ts';
import { nameOf, PLAIN_QUOTING, type Quoting } from './lexer.ts';
import type { Statement } from './statement-splitter.ts';
import type { CodeToken, TokenReader } from './token-reader.ts';

/**
 * The session variables that dumps set, and what each may be set to. Nothing here reaches beyond the session, and no
 * value can end a statement.
 */
const WORDS = /^\w{1,64}$/;
const SWITCH = /^(?:0|1|ON|OFF)$/i;
const VARIABLES: Readonly<Record<string, RegExp>> = {
  character_set_client: WORDS,
  character_set_results: WORDS,
  collation_connection: WORDS,
  time_zone: /^[\w+:/-]{1,64}$/,
  sql_mode: /^[A-Za-z0-9_,]{0,1000}$/,
  foreign_key_checks: SWITCH,
  unique_checks: SWITCH,
  sql_notes: SWITCH,
  note_verbosity: /^[\w,]{0,200}$/,
  autocommit: SWITCH,
  system_versioning_insert_history: SWITCH,
};
/** What a variable holds before the dump sets it; known, as loading begins with a session of our own. */
const INITIAL: Readonly<Record<string, string>> = {
  character_set_client: 'utf8mb4',
  character_set_results: 'utf8mb4',
  collation_connection: 'utf8mb4_general_ci',
  time_zone: '+00:00',
  sql_mode: '',
  foreign_key_checks: '1',
  unique_checks: '1',
  sql_notes: '1',
  note_verbosity: '',
  autocommit: '1',
  system_versioning_insert_history: '0',
};
/** Character sets whose characters may end in an ASCII byte, and the bytes that such characters begin with. */
const LEADS: Readonly<Record<string, Quoting['leads']>> = {
  sjis: [
    [0x81, 0x9f],
    [0xe0, 0xfc],
  ],
  cp932: [
    [0x81, 0x9f],
    [0xe0, 0xfc],
  ],
  gbk: [[0x81, 0xfe]],
  gb18030: [[0x81, 0xfe]],
  big5: [[0xa1, 0xf9]],
};
const UTF8 = /^(?:utf8|utf8mb3|utf8mb4)$/i;

export interface Assignment {
  readonly variable: string;
  readonly value: string;
}

/** Follows the SET statements of a dump: what its session looks like at each statement. */
export class SessionState {
  readonly #values = new Map<string, string>(Object.entries(INITIAL));
  /** `@saved_…` → the value that was saved. */
  readonly #saved = new Map<string, string>();
  /** Variables that hold what the dump named itself: neither the beginning's value nor one that it had saved. */
  readonly #named = new Set<string>();
  #databaseCollation: SessionSettings['databaseCollation'];

  /** Takes `SET …`, of which the first word has been taken. @throws `dump_escapes_target` */
  set(statement: Statement, reader: TokenReader): readonly Assignment[] {
    const assignments = reader.tryTake('NAMES')
      ? this.#setNames(reader)
      : [...this.#readAssignments(statement, reader)];
    reader.expectEnd();
    return assignments;
  }

  setDatabaseCollation(characterSet: string, collation: string): void {
    this.#databaseCollation = { characterSet, collation };
  }

  get quoting(): Quoting {
    const modes = this.#get('sql_mode').toUpperCase().split(',');
    const isAnsi = modes.some((mode) =>
      /^(?:ANSI_QUOTES|ANSI|ORACLE|POSTGRESQL|MSSQL|DB2|MAXDB)$/.test(mode),
    );
    return {
      ansiQuotes: isAnsi,
      backslash: !modes.includes('NO_BACKSLASH_ESCAPES'),
      leads: LEADS[this.#get('character_set_client').toLowerCase()] ?? [],
    };
  }

  /** Whether the session reads text as the load program does, which knows nothing of modes. */
  get isPlain(): boolean {
    const { ansiQuotes, backslash } = this.quoting;
    const isUtf8 = UTF8.test(this.#get('character_set_client'));
    return isUtf8 && ansiQuotes === PLAIN_QUOTING.ansiQuotes && backslash === PLAIN_QUOTING.backslash;
  }

  /** Whether the dump says in which character sets the next object was written, as it does for each view and program. */
  get namesCharacterSets(): boolean {
    return this.#named.has('character_set_client') && this.#named.has('collation_connection');
  }

  get settings(): SessionSettings {
    return {
      sqlMode: this.#get('sql_mode'),
      characterSetClient: this.#get('character_set_client'),
      collationConnection: this.#get('collation_connection'),
      timeZone: this.#get('time_zone'),
      ...(this.#databaseCollation ? { databaseCollation: this.#databaseCollation } : {}),
    };
  }

  #get(variable: string): string {
    return this.#values.get(variable) ?? '';
  }

  #setNames(reader: TokenReader): Assignment[] {
    const value = reader.takeName();
    if (!UTF8.test(value)) throw reader.refuse('no dump of ours has another character set');
    this.#values.set('character_set_client', value);
    this.#values.set('character_set_results', value);
    this.#values.set('collation_connection', `${value}_general_ci`);
    return [];
  }

  *#readAssignments(statement: Statement, reader: TokenReader): Generator<Assignment> {
    do {
      const saved = takeUserVariable(reader);
      const variable = saved === undefined ? takeVariable(reader) : undefined;
      reader.expect('=');
      const value = this.#takeValue(statement, reader);
      if (saved !== undefined) {
        if (value.variable === undefined) throw reader.refuse('it keeps what is no variable of the session');
        this.#saved.set(saved, this.#get(value.variable));
      } else if (variable !== undefined) {
        const text = value.text ?? this.#get(value.variable ?? '');
        if (!VARIABLES[variable]?.test(text)) throw reader.refuse(`no dump sets ${variable} like this`);
        this.#values.set(variable, text);
        if (value.isNamed) this.#named.add(variable);
        else this.#named.delete(variable);
        yield { variable, value: text };
      }
    } while (reader.tryTake(','));
  }

  /** A literal, a saved value, or the name of another variable. */
  #takeValue(
    statement: Statement,
    reader: TokenReader,
  ): { text?: string; variable?: string; isNamed?: true } {
    const saved = takeUserVariable(reader);
    if (saved !== undefined) {
      const text = this.#saved.get(saved);
      if (text === undefined) throw reader.refuse(`@${saved} was never set`);
      return { text };
    }
    if (reader.peek()?.text === '@') return { variable: takeVariable(reader) };
    return { text: literal(statement, reader.take()), isNamed: true };
  }
}

const literal = (statement: Statement, token: CodeToken): string =>
  token.type === 'string' ? nameOf(statement.text, token) : token.text;

/** `@name`. */
function takeUserVariable(reader: TokenReader): string | undefined {
  if (reader.peek()?.text !== '@' || reader.peek(1)?.type !== 'word') return undefined;
  reader.take();
  return reader.takeName().toLowerCase();
}

/** `name`, `@@name`, `@@session.name`, `SESSION name`; never GLOBAL or PERSIST. */
function takeVariable(reader: TokenReader): string {
  if (reader.tryTake('@')) {
    reader.expect('@');
    reader.tryTake('SESSION', '.');
  } else reader.tryTake('SESSION');
  const variable = reader.takeName().toLowerCase();
  if (!(variable in VARIABLES)) throw reader.refuse(`no dump reads or sets ${variable}`);
  return variable;
}
