import { disableEvent } from './disable-event.ts';
import type { HeldStatement, StoredEvent } from './format-sql.ts';
import { type Definers, rewriteDefiner } from './rewrite-definer.ts';
import { rewriteTable } from './rewrite-table.ts';
import { describe } from './statements/describe.ts';
import type { DumpItem, StatementItem } from './statements/read-statements.ts';
import { refusal } from './statements/refusal.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** What goes another way than the stream: what is run by itself later, and what the caller is to be told. */
export interface Routed {
  /** Triggers, routines and events: after all rows, so that no trigger fires for them. */
  readonly programs: HeldStatement[];
  readonly views: HeldStatement[];
  readonly events: StoredEvent[];
  readonly leftOut: string[];
}

const DELIMITER = Buffer.from(';\n');
/** Settings of the dump that change what its rows do; all others are ours from the start. */
const FORWARDED = new Set(['autocommit', 'system_versioning_insert_history']);

/**
 * Sends each statement of a dump its way.
 * @returns the bytes for the load program, in order
 */
export class StatementRouter {
  readonly routed: Routed = { programs: [], views: [], events: [], leftOut: [] };
  statements = 0;
  readonly #standIns = new Set<string>();
  #dropOfEvent: HeldStatement | undefined;
  readonly #definers: Definers;

  constructor(definers: Definers = 'keep') {
    this.#definers = definers;
  }

  /** @throws `dump_escapes_target` */
  route(item: DumpItem): Buffer {
    if (item.type === 'rows') return item.bytes;
    if (item.type === 'comment') return NOTHING;
    this.statements += 1;
    return item.type === 'rows-head' ? item.text : this.#forProgram(item);
  }

  #forProgram(item: StatementItem): Buffer {
    const { does } = item;
    if (does.kind === 'session') {
      return Buffer.from(
        does.assignments
          .filter(({ variable }) => FORWARDED.has(variable))
          .map(({ variable, value }) => `SET ${variable}=${value};\n`)
          .join(''),
      );
    }
    const statement = this.statementOf(item);
    return statement ? Buffer.concat([statement, DELIMITER]) : NOTHING;
  }

  /**
   * What of a statement is to be run now, for a session of our own. @returns nothing where it is kept for later
   * @throws `dump_escapes_target`
   */
  statementOf(item: StatementItem): Buffer | undefined {
    const { does, text } = item;
    switch (does.kind) {
      case 'session':
      case 'database':
        return undefined;
      case 'view':
        this.routed.views.push(this.#held(item, text));
        return undefined;
      case 'event':
        this.#holdEvent(item);
        return undefined;
      case 'trigger':
      case 'procedure':
      case 'function':
      case 'package':
      case 'package body':
        this.routed.programs.push(this.#held(item, text));
        return undefined;
      case 'drop':
        return this.#routeDrop(item);
      case 'stand-in':
        this.#standIns.add(does.name);
        return plain(item, text);
      case 'table': {
        const table = rewriteTable(text, does);
        this.routed.leftOut.push(...table.leftOut.map((option) => `${describe(does)}: ${option}`));
        return plain(item, table.text);
      }
      default:
        return plain(item, text);
    }
  }

  #routeDrop(item: StatementItem): Buffer | undefined {
    const { does, text } = item;
    if (does.kind !== 'drop') return undefined;
    if (does.of === 'table' || does.of === 'sequence') return plain(item, text);
    // The second time it makes room for the view itself, which other views may need as a stand-in until then.
    if (does.of === 'view' && !this.#standIns.has(does.name)) return plain(item, text);
    const drop = this.#held(item, text);
    if (does.of === 'event') this.#dropOfEvent = drop;
    this.routed[does.of === 'view' ? 'views' : 'programs'].push(drop);
    return undefined;
  }

  /** An event that runs is made switched off: it would else begin while tables are still empty. */
  #holdEvent(item: StatementItem): void {
    const { does, text } = item;
    const disabled = disableEvent(text, does.tokens);
    this.routed.programs.push({
      ...this.#held(item, disabled ?? text),
      mayBeOver: endsSometime(does.tokens),
    });
    if (!disabled || !('name' in does)) return;
    const drop = this.#dropOfEvent;
    if (!drop) throw refusal('it makes an event that no statement dropped before', text);
    this.#dropOfEvent = undefined;
    this.routed.events.push({ name: does.name, statements: [drop, this.#held(item, text)] });
  }

  /** A copy: the text is a window on a buffer that would stay alive as long. */
  #held({ does, session }: StatementItem, text: Buffer): HeldStatement {
    return {
      object: describe(does),
      text: Buffer.from(rewriteDefiner(text, does.tokens, this.#definers)),
      session: session.settings,
    };
  }
}

const NOTHING = Buffer.alloc(0);

/** Whether an event has a time after which it is over: `ON SCHEDULE AT …`, `ENDS …`. */
const endsSometime = (tokens: readonly CodeToken[]): boolean =>
  tokens.some(
    (token, index) => isCode(token, 'ENDS') || (isCode(token, 'SCHEDULE') && isCode(tokens[index + 1], 'AT')),
  );

/** The load program knows one way to read quotes, the one of its own session. */
function plain({ session }: StatementItem, text: Buffer): Buffer {
  if (!session.isPlain) throw refusal('it is written for another session than the rows', text);
  return text;
}
