import type { Classified, TableTraits } from './classify.ts';
import type { Statement } from './statement-splitter.ts';
import { TokenReader } from './token-reader.ts';

/** Engines that keep the rows in the schema itself; others pass them on to other tables or servers. */
const STORING_ENGINES = new Set([
  'INNODB',
  'MYISAM',
  'ARIA',
  'MEMORY',
  'HEAP',
  'ARCHIVE',
  'CSV',
  'BLACKHOLE',
  'ROCKSDB',
  'TOKUDB',
  'COLUMNSTORE',
  'MROONGA',
  'SPHINX',
  'NDBCLUSTER',
  'NDB',
]);

/**
 * Knows into which table rows may go: the one that was made last, as long as it has no trigger. So no row reaches
 * another schema by a trigger, a view or an engine that stores elsewhere.
 */
export class RowTarget {
  #table: (TableTraits & { readonly name: string }) | undefined;

  /** Where the rows go; empty before the first table. */
  get table(): string {
    return this.#table?.name ?? '';
  }

  /** Takes note of each statement of the dump. */
  follow(statement: Classified): void {
    if (statement.kind === 'table') {
      this.#table = statement;
    } else if (statement.kind === 'trigger' || statement.kind === 'stand-in' || statement.kind === 'view') {
      this.#table = undefined;
    }
  }

  /** @throws `dump_escapes_target` @param head `INSERT INTO name [(columns)] VALUES` */
  check(head: Pick<Statement, 'text' | 'tokens'>): void {
    const reader = new TokenReader({ type: 'statement', ...head });
    reader.expect('INSERT', 'INTO');
    const table = reader.takeName();
    const hasColumns = reader.tryTake('(');
    if (hasColumns) {
      do reader.takeName();
      while (reader.tryTake(','));
      reader.expect(')');
    }
    reader.expect('VALUES');
    reader.expectEnd();
    if (table !== this.#table?.name) {
      throw reader.refuse('its rows go to another table than the one just made');
    }
    if (!this.#table.engines.every((engine) => STORING_ENGINES.has(engine))) {
      throw reader.refuse('its rows go to a table that stores them elsewhere');
    }
    // Columns that are not named take their defaults.
    if (hasColumns && this.#table.drawsElsewhere) {
      throw reader.refuse('its rows draw numbers from another schema');
    }
  }
}
