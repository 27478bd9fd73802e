import { type ErrorCode, type Failure, isCode, toFailure } from '../errors.ts';

/** Does one look at what a restore needs. What stands in the way ends a restore; a dry run goes on, and tells of all. */
export type Look = (look: () => void | Promise<void>) => Promise<void>;

export const stopAtFirst: Look = async (look) => look();

/** What someone can clear out of the way of a restore; anything else ends a dry run too. */
const OBSTACLES = [
  'collation_unknown',
  'definer_unknown',
  'dump_carries_schema_name',
  'dump_escapes_target',
  'engine_missing',
  'insufficient_privileges',
  'keys_generated',
  'names_changed',
  'outside_missing',
  'packet_too_small',
  'parent_missing',
  'reads_limited',
  'table_not_in_backup',
  'sql_mode_unknown',
  'target_not_empty',
  'target_object_exists',
  'target_too_old',
  'timestamps_implicit',
  'too_large_for_one_worker',
  'too_large_for_sql',
  'unsupported_server',
] as const satisfies readonly ErrorCode[];

/** Collects what stands in the way, once each. */
export function collectObstacles(): { readonly look: Look; readonly found: () => readonly Failure[] } {
  const found = new Map<string, Failure>();
  return {
    look: async (look) => {
      try {
        await look();
      } catch (error) {
        if (!isCode(error, ...OBSTACLES)) throw error;
        const failure = toFailure(error);
        found.set(JSON.stringify(failure), failure);
      }
    },
    found: () => [...found.values()],
  };
}
