/** What each kind of loss takes out of the comparison, and nothing more. */
import type { Fact, KnownLoss } from './content.ts';

/**
 * How the values of a column with a loss are still compared: `printed-float` by the six digits that the server prints,
 * `unsigned-zero` with -0 as 0, `text-only` without the index of an ENUM's member, `double-json` without the types of
 * values and with every number as the double nearest to it, `skip` not at all.
 */
export type Leniency = 'printed-float' | 'unsigned-zero' | 'text-only' | 'double-json' | 'skip';

const LENIENCY: Readonly<Record<string, Leniency>> = {
  float_digits: 'printed-float',
  negative_zero: 'unsigned-zero',
  enum_index_zero: 'text-only',
  enum_beyond_bmp: 'skip',
  character_unmapped: 'skip',
  json_opaque: 'double-json',
};

/** Losses whose object has another definition after a restore, or is not there. */
const DEFINITION_LOST = [
  'view_broken',
  'general_tablespace',
  'archive_auto_increment',
  'foreign_key_backtick',
];

/** Questions about the losses of one backup. */
export interface LossTable {
  readonly leniency: (schema: string, table: string, column: string) => ReadonlySet<Leniency>;
  /** Only the present rows travel, without their times. */
  readonly historyLost: (schema: string, table: string) => boolean;
  readonly coversFact: (fact: Fact) => boolean;
}

/** Prepares the losses for looking up. */
export function lossTable(losses: readonly KnownLoss[]): LossTable {
  const has = (kind: string, schema: string, object: string): boolean =>
    losses.some((loss) => loss.kind === kind && loss.schema === schema && loss.object === object);
  return {
    leniency: (schema, table, column) =>
      new Set(
        losses.flatMap((loss) => {
          const lenient = LENIENCY[loss.kind];
          const here = loss.schema === schema && loss.object === table && loss.column === column;
          return here && lenient !== undefined ? [lenient] : [];
        }),
      ),
    historyLost: (schema, table) => has('history', schema, table),
    coversFact: ({ schema, object, property }) => {
      if (property === 'true members') return has('enum_beyond_bmp', schema, object);
      // MySQL prints such a default in hexadecimal, MariaDB as question marks.
      if (property === 'true default' || property === 'column_default')
        return has('default_beyond_bmp', schema, object);
      return DEFINITION_LOST.some((kind) => has(kind, schema, object));
    },
  };
}
