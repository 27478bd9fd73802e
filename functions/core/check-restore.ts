import { refuseFoldedNames } from '../engine/catalogue/name-case.ts';
import type { CheckedDump, OutsideNeed } from '../engine/sql/format-sql.ts';
import { SafeBaseError } from '../errors.ts';
import { checkStored } from './check-stored.ts';
import type { RestorePlan, SchemaRestore } from './plan-restore.ts';
import { refuseOtherCounts, refuseUnmet } from './prepare-target.ts';
import { eachSchema, openFileOf, type RestoreWork } from './restore-work.ts';

/** Pass 1: everything is read, proved and looked through before the first write. */
export async function checkAll(work: RestoreWork): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  const targets = new Map(Object.entries(held.run.schemas));
  const carried = new Set<string>();
  const needs: OutsideNeed[] = [];
  const open = openFileOf(work);
  await eachSchema(work, 'check', async (schema, onProgress) => {
    const { stored, target: targetSchema } = schema;
    const checked = await checkStored({
      open,
      schema: stored,
      targetSchema,
      signal: held.signal,
      onProgress,
    });
    refuseOtherCounts(schema, checked);
    refuseFoldedNames(plan.lowerCaseTableNames, checked.names);
    refuseLongStatements(plan, schema, checked);
    const missing = checked.engines.filter((engine) => !plan.engines.has(engine));
    if (missing.length > 0) {
      throw new SafeBaseError('engine_missing', `the target has no storage engine ${missing.join(', ')}`);
    }
    if (schema.target !== schema.contents.name) for (const object of checked.carriesName) carried.add(object);
    needs.push(...checked.outsideNeeds);
  });
  // What goes to the target under another name would be read or referred to under its old one.
  for (const { by, schema } of needs) if ((targets.get(schema) ?? schema) !== schema) carried.add(by);
  if (carried.size > 0) {
    throw new SafeBaseError(
      'dump_carries_schema_name',
      `under another name these would still point at the old schema: ${[...carried].join(', ')}`,
      { details: { objects: [...carried] } },
    );
  }
  const isMade = new Set(targets.values());
  const outside = needs.filter(({ schema }) => !isMade.has(schema));
  await refuseUnmet(ports.connector, endpoint, plan.grants, outside, held.signal);
  held.signal.throwIfAborted();
}

/** A packet is the statement and one byte more. */
function refuseLongStatements(
  { maxAllowedPacketBytes }: RestorePlan,
  { contents }: SchemaRestore,
  { largestStatementBytes }: CheckedDump,
): void {
  const needed = largestStatementBytes + 1;
  if (needed <= maxAllowedPacketBytes) return;
  throw new SafeBaseError(
    'packet_too_small',
    `the dump of ${contents.name} holds a statement of ${largestStatementBytes} bytes, and the target takes ${maxAllowedPacketBytes} at once`,
    {
      hint: `SET GLOBAL max_allowed_packet = ${Math.ceil(needed / 1024) * 1024} on the target, then restore again.`,
    },
  );
}
