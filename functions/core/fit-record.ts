import type { SchemaContents } from '../engine/contents.ts';
import type { BackupResult, RestoredSchema, RestoredTable, RestorePreview, RestoreResult } from './run.ts';
import type { Comparison } from './shrunk.ts';

/**
 * What the lists of one run may take on its record. An item of DynamoDB holds 400 KB, and a final state that
 * cannot be written would turn a good backup into a lost one.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
const MAX_BYTES = 200_000;
const MAX_LOSSES = 100;
/** Each may name many tables. */
const MAX_OBSTACLES = 20;
/** Come on top: a name has 64 characters at most, each of up to 4 bytes. */
const MAX_SHRUNK = 100;
/** Over all schemas together: names in each of their lists, and characters of comments and definitions. */
const MAX_NAMES = 300;
const MAX_CHARACTERS = 20_000;

/** More schemas than this would not fit however short their entries are. */
export const MAX_SCHEMAS = 400;

/**
 * Shortens what is too long for the record, and says so: the manifest of a backup always holds all of it.
 * Schemas themselves are never left out, restores choose by them.
 */
export function fitRecord(result: BackupResult & RestoreResult): BackupResult & RestoreResult {
  if (Buffer.byteLength(JSON.stringify(result)) <= MAX_BYTES) return result;
  const { losses, schemas, restored, preview } = result;
  const count = (schemas ?? restored ?? preview?.schemas)?.length ?? 1;
  const names = Math.floor(MAX_NAMES / count);
  const characters = Math.floor(MAX_CHARACTERS / count);
  const fitSchema = (schema: SchemaContents): SchemaContents => ({
    ...schema,
    comment: schema.comment.slice(0, characters),
    notOfOneInstant: schema.notOfOneInstant.slice(0, names),
    ...(schema.notOfOneInstant.length > names && { notOfOneInstantCount: schema.notOfOneInstant.length }),
    ...(schema.readUnderLock && { readUnderLock: schema.readUnderLock.slice(0, names) }),
    definers: schema.definers.slice(0, names),
    brokenViews: schema.brokenViews.slice(0, names).map(({ name, definition }) => ({
      name,
      definition: definition.slice(0, Math.floor(characters / Math.max(1, names))),
    })),
  });
  const fitRestored = (schema: RestoredSchema): RestoredSchema => ({
    ...schema,
    disabledEvents: schema.disabledEvents.slice(0, names),
    leftOut: schema.leftOut.slice(0, names),
    ...(schema.tables && { tables: fitTables(schema.tables, names) }),
  });
  const fitPreview = ({ obstacles, schemas: previewed, ...others }: RestorePreview): RestorePreview => ({
    ...others,
    obstacles: obstacles.slice(0, MAX_OBSTACLES),
    schemas: previewed.map((schema) => ({
      ...schema,
      unknownDefiners: schema.unknownDefiners.slice(0, names),
      ...(schema.leftOut && { leftOut: schema.leftOut.slice(0, names) }),
    })),
  });
  return {
    ...result,
    shortened: true,
    ...(losses === undefined ? {} : { losses: losses.slice(0, MAX_LOSSES) }),
    ...(schemas === undefined ? {} : { schemas: schemas.map(fitSchema) }),
    ...(restored === undefined ? {} : { restored: restored.map(fitRestored) }),
    ...(preview === undefined ? {} : { preview: fitPreview(preview) }),
  };
}

/** What differs first. */
const fitTables = (tables: readonly RestoredTable[], names: number): readonly RestoredTable[] =>
  tables.toSorted((a, b) => rank(a) - rank(b)).slice(0, names);
const rank = ({ content }: RestoredTable): number => ['differs', 'lossy', 'same'].indexOf(content);

/** The same for what a backup holds less of, which is known only after its dump. */
export const fitComparison = ({ shrunk = [], ...others }: Comparison): BackupResult => ({
  ...others,
  ...(shrunk.length > 0 && { shrunk: shrunk.slice(0, MAX_SHRUNK) }),
  ...(shrunk.length > MAX_SHRUNK && { shortened: true }),
});
