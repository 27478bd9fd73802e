import type { ObjectCounts } from '../contents.ts';
import { decompressDump } from './decompress-dump.ts';
import type { CheckedDump, CheckInput } from './format-sql.ts';
import { namesSchema } from './names-schema.ts';
import type { Classified } from './statements/classify.ts';
import { describe } from './statements/describe.ts';
import { readStatements } from './statements/read-statements.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads a whole stored dump and touches no server: proves that it is complete, that every statement is one that the dump
 * tools write for this schema alone, and finds what would still name the old schema under a new name.
 * @throws `backup_damaged`, `dump_truncated`, `dump_escapes_target`, what the source throws, the reason of the signal
 */
export async function checkDump(input: CheckInput): Promise<CheckedDump> {
  const created: Mutable<ObjectCounts> = {
    tables: 0,
    views: 0,
    triggers: 0,
    procedures: 0,
    functions: 0,
    events: 0,
    sequences: 0,
    packages: 0,
  };
  const engines = new Set<string>();
  const carriesName = new Set<string>();
  const isRenamed = input.schema !== input.targetSchema;
  for await (const item of readStatements(decompressDump(input), input.schema)) {
    if (item.type !== 'statement') continue;
    const counted = COUNTED[item.does.kind];
    if (counted) created[counted] += 1;
    if (item.does.kind === 'table') for (const engine of item.does.engines) engines.add(engine);
    if (isRenamed && namesSchema(item.text, item.does, input.schema)) carriesName.add(describe(item.does));
  }
  return { created, engines: [...engines], carriesName: [...carriesName] };
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
