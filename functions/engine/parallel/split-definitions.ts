import { type Classified, isProgram } from '../sql/statements/classify.ts';
import type { DumpItem, StatementItem } from '../sql/statements/read-statements.ts';
import { refusal } from '../sql/statements/refusal.ts';
import { mendText } from './mend-text.ts';
import type { TableMends } from './table-mends.ts';

/** What stands before the rows of a schema, and what comes after them; each is text for the client programs. */
export interface Definitions {
  /** Sequences, tables with their keys, and stand-ins of views. */
  readonly before: Buffer;
  /** Triggers, routines, packages, events, views, histograms. */
  readonly after: Buffer;
}

type Side = keyof Definitions;

const NOTHING = Buffer.alloc(0);
const SEMICOLON = 0x3b;
/** Our reader takes no longer one. */
const MAX_DELIMITER = 16;

/**
 * Cuts a dump without rows in two, statement by statement, so that triggers and events come after the rows and nothing
 * that a row needs does. Settings go both ways: each statement stands in the session that the tool printed it for.
 */
export class DefinitionSplitter {
  readonly #standIns = new Set<string>();
  readonly #mends: ReadonlyMap<string, TableMends>;
  readonly #unmended: string[] = [];

  constructor(mends: ReadonlyMap<string, TableMends> = new Map()) {
    this.#mends = mends;
  }

  /** Tables that were printed otherwise than their mends expect, and so were left as they were printed. */
  unmended(): readonly string[] {
    return this.#unmended;
  }

  /** @throws `dump_escapes_target` where a program leaves no delimiter free, or where there are rows */
  take(item: DumpItem): Definitions {
    if (item.type === 'comment') return { before: NOTHING, after: NOTHING };
    if (item.type !== 'statement') {
      throw refusal('a dump of definitions holds rows', item.type === 'rows' ? item.bytes : item.text);
    }
    const text = forClient({ ...item, text: this.#mended(item) });
    const side = this.#sideOf(item.does);
    return {
      before: side === 'after' ? NOTHING : text,
      after: side === 'before' ? NOTHING : text,
    };
  }

  #mended({ text, does }: StatementItem): Buffer {
    if (does.kind !== 'table') return text;
    const { mends } = this.#mends.get(does.name) ?? { mends: [] };
    const isArchive = does.engines.some((engine) => engine.toUpperCase() === 'ARCHIVE');
    if (mends.length === 0 && !isArchive) return text;
    const mended = mendText(text.toString(), mends);
    if (mended === undefined) this.#unmended.push(does.name);
    // ARCHIVE refuses rows below that value. Without it the next one follows the last row, as nothing can be deleted.
    return Buffer.from((mended ?? text.toString()).replace(/(\n\) ENGINE=ARCHIVE) AUTO_INCREMENT=\d+/, '$1'));
  }

  #sideOf(does: Classified): Side | 'both' {
    switch (does.kind) {
      case 'session':
        return 'both';
      case 'stand-in':
        this.#standIns.add(does.name);
        return 'before';
      case 'drop':
        if (does.of === 'table' || does.of === 'sequence') return 'before';
        // The second time it makes room for the view itself.
        return does.of === 'view' && !this.#standIns.has(does.name) ? 'before' : 'after';
      case 'table':
      case 'sequence':
      case 'sequence value':
        return 'before';
      // The schema's own character set is switched for programs alone; histograms are made of rows.
      default:
        return 'after';
    }
  }
}

/** A statement as the client programs read it: with a delimiter that it does not hold. */
function forClient({ text, does }: StatementItem): Buffer {
  if (!isProgram(does)) return Buffer.concat([text, Buffer.from(';\n')]);
  for (let length = 2; length <= MAX_DELIMITER; length += 1) {
    const delimiter = ';'.repeat(length);
    if (text.includes(delimiter)) continue;
    // As it is, blanks too; a semicolon at its end must not become part of the delimiter.
    const gap = text.at(-1) === SEMICOLON ? ' ' : '';
    return Buffer.concat([
      Buffer.from(`DELIMITER ${delimiter}\n`),
      text,
      Buffer.from(`${gap}${delimiter}\nDELIMITER ;\n`),
    ]);
  }
  throw refusal('it leaves no delimiter free', text);
}
