import { NO_OBJECTS, type ObjectCounts, type TableRows } from '../engine/contents.ts';
import { SafeBaseError } from '../errors.ts';
import type { BackupFormat } from './backup-format.ts';
import type { BackupId } from './ids.ts';

/** Something of which a backup holds less than the one before: nobody but the owner can tell whether that is right. */
export interface Shrunk {
  readonly schema: string;
  /** `schemas`: the whole of it is gone. `bytes` are those of text. */
  readonly what: 'schemas' | keyof ObjectCounts | 'rows' | 'bytes';
  /** Which table has no rows any more. */
  readonly table?: string;
  readonly before: number;
  readonly now: number;
}

/** What is compared of a schema. */
export interface Held {
  readonly name: string;
  readonly counts: ObjectCounts;
  /** Absent where nobody could read them. */
  readonly tables?: readonly TableRows[];
  /** How much text it became: the same rows take another number of bytes in another format. */
  readonly text?: { readonly format: BackupFormat; readonly bytes: number };
}

/** The last backup of the same database that is one. */
export interface FormerBackup {
  readonly id: BackupId;
  readonly schemas: readonly Held[];
}

/** Text that is shorter than this share of what it was is worth a look; statements before and after rows are not much. */
const BYTES_SHARE = 0.1;

const KINDS = Object.keys(NO_OBJECTS) as (keyof ObjectCounts)[];
const objectsIn = ({ counts }: Held): number => KINDS.reduce((sum, kind) => sum + counts[kind], 0);

/**
 * A schema that had objects and has none is what a wiped server looks like, and the good backups of it would grow old
 * unnoticed.
 * @throws `schema_emptied`
 */
export function refuseEmptied(former: FormerBackup, found: readonly Held[]): void {
  for (const before of former.schemas) {
    const now = found.find(({ name }) => name === before.name);
    if (now === undefined || objectsIn(now) > 0 || objectsIn(before) === 0) continue;
    throw new SafeBaseError(
      'schema_emptied',
      `schema ${before.name} is empty, and held ${objectsIn(before)} objects in ${former.id}`,
    );
  }
}

/** What a backup tells of the one before it; nothing where there was none. */
export interface Comparison {
  readonly comparedWith?: BackupId;
  /** Absent where there is less of nothing. */
  readonly shrunk?: readonly Shrunk[];
}

/** @param all whether the database has all schemas of its server: one that is not backed up any more is gone there */
export function compareWith(
  former: FormerBackup | undefined,
  found: readonly Held[],
  all: boolean,
): Comparison {
  if (former === undefined) return {};
  const shrunk = former.schemas.flatMap((before): readonly Shrunk[] => {
    const { name: schema } = before;
    const now = found.find(({ name }) => name === schema);
    if (now !== undefined) return shrunkIn(before, now);
    return all ? [{ schema, what: 'schemas', before: 1, now: 0 }] : [];
  });
  return { comparedWith: former.id, ...(shrunk.length > 0 && { shrunk }) };
}

function shrunkIn(before: Held, now: Held): readonly Shrunk[] {
  const schema = before.name;
  const objects = KINDS.filter((kind) => now.counts[kind] < before.counts[kind]).map((kind) => ({
    schema,
    what: kind,
    before: before.counts[kind],
    now: now.counts[kind],
  }));
  const rowsOf = new Map(before.tables?.map(({ name, rows }) => [name, rows]));
  const emptied = (now.tables ?? []).filter(({ name, rows }) => rows === 0 && (rowsOf.get(name) ?? 0) > 0);
  const rows = emptied.map(({ name: table }) => ({
    schema,
    what: 'rows' as const,
    table,
    before: rowsOf.get(table) ?? 0,
    now: 0,
  }));
  const isComparable = before.text?.format === now.text?.format;
  const { bytes: was = 0 } = before.text ?? {};
  const { bytes: is = was } = (isComparable && now.text) || {};
  const bytes = is < was * BYTES_SHARE ? [{ schema, what: 'bytes' as const, before: was, now: is }] : [];
  return [...objects, ...rows, ...bytes];
}
