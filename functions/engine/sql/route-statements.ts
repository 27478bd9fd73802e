import { disableEvent } from './disable-event.ts';
import type { HeldStatement, LoadInput } from './format-sql.ts';
import { rewriteTable } from './rewrite-table.ts';
import { describe } from './statements/describe.ts';
import type { DumpItem } from './statements/read-statements.ts';
import { refusal } from './statements/refusal.ts';

type StatementItem = Extract<DumpItem, { type: 'statement' }>;

/** What goes another way than the stream: what is run by itself later, and what the caller is to be told. */
export interface Routed {
  /** Triggers, routines and events: after all rows, so that no trigger fires for them. */
  readonly programs: HeldStatement[];
  readonly views: HeldStatement[];
  readonly disabledEvents: string[];
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
  readonly routed: Routed = { programs: [], views: [], disabledEvents: [], leftOut: [] };
  statements = 0;
  readonly #events: LoadInput['events'];
  readonly #standIns = new Set<string>();

  constructor(events: LoadInput['events']) {
    this.#events = events;
  }

  /** @throws `dump_escapes_target` */
  route(item: DumpItem): Buffer {
    if (item.type === 'rows') return item.bytes;
    this.statements += 1;
    return item.type === 'rows-head' ? item.text : this.#routeStatement(item);
  }

  #routeStatement(item: StatementItem): Buffer {
    const { does, text } = item;
    switch (does.kind) {
      case 'session':
        return Buffer.from(
          does.assignments
            .filter(({ variable }) => FORWARDED.has(variable))
            .map(({ variable, value }) => `SET ${variable}=${value};\n`)
            .join(''),
        );
      case 'database':
        return Buffer.alloc(0);
      case 'view':
        return this.#hold('views', item, text);
      case 'event':
        return this.#holdEvent(item);
      case 'trigger':
      case 'procedure':
      case 'function':
      case 'package':
      case 'package body':
        return this.#hold('programs', item, text);
      case 'drop':
        return this.#routeDrop(item);
      case 'stand-in':
        this.#standIns.add(does.name);
        return forClient(item, text);
      case 'table': {
        const table = rewriteTable(text, does);
        this.routed.leftOut.push(...table.leftOut.map((option) => `${describe(does)}: ${option}`));
        return forClient(item, table.text);
      }
      default:
        return forClient(item, text);
    }
  }

  #routeDrop(item: StatementItem): Buffer {
    const { does, text } = item;
    if (does.kind !== 'drop') return Buffer.alloc(0);
    if (does.of === 'table' || does.of === 'sequence') return forClient(item, text);
    if (does.of !== 'view') return this.#hold('programs', item, text);
    // The second time it makes room for the view itself, which other views may need as a stand-in until then.
    return this.#standIns.has(does.name) ? this.#hold('views', item, text) : forClient(item, text);
  }

  #holdEvent(item: StatementItem): Buffer {
    const { does, text } = item;
    const disabled = this.#events === 'disabled' ? disableEvent(text, does.tokens) : undefined;
    if (disabled && 'name' in does) this.routed.disabledEvents.push(does.name);
    return this.#hold('programs', item, disabled ?? text);
  }

  #hold(where: 'programs' | 'views', { does, session }: StatementItem, text: Buffer): Buffer {
    // A copy: the text is a window on a buffer that would stay alive as long.
    const held = { object: describe(does), text: Buffer.from(text), session: session.settings };
    this.routed[where].push(held);
    return Buffer.alloc(0);
  }
}

/** The load program knows one way to read quotes, the one of its own session. */
function forClient({ session }: StatementItem, text: Buffer): Buffer {
  if (!session.isPlain) throw refusal('it is written for another session than the rows', text);
  return Buffer.concat([text, DELIMITER]);
}
