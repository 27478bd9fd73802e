/** The assembly that is deployed, in a folder of its own, with a few numbers of the workers made small. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withLock } from '../../layers/cache.ts';
import { synthesize } from '../../local/synthesize.ts';

export interface WorkerChanges {
  /** Settings of functions/config.ts that the workers get besides those of the template. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** Settings of more functions, by the ids of the constructs that they begin with. */
  readonly others?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const WORKER = /^workflows(backup|restore|verify)/;

/** @param folder an empty one: another test may synthesize newer sources meanwhile, and must not change what is served */
export async function assemblyIn(folder: string, changes: WorkerChanges = {}): Promise<void> {
  const cached = resolve(import.meta.dirname, '../../.cache/assembly');
  await synthesize({ folder: cached });
  await withLock(`${cached}.lock`, async () => cpSync(cached, folder, { recursive: true }));
  const name = readdirSync(folder).find((file) => file.endsWith('.template.json')) ?? '';
  const template = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  for (const [logicalId, { Type: type, Properties: properties }] of Object.entries<Resource>(
    template.Resources,
  )) {
    // What goes by the clock is called by the tests themselves: it must not come between two of their steps.
    if (type === 'AWS::Events::Rule') properties.State = 'DISABLED';
    if (type !== 'AWS::Lambda::Function') continue;
    for (const [begin, settings] of Object.entries(changes.others ?? {})) {
      if (logicalId.startsWith(begin)) Object.assign(properties.Environment.Variables, settings);
    }
    if (!WORKER.test(logicalId)) continue;
    Object.assign(properties.Environment.Variables, changes.settings);
    if (changes.timeoutSeconds !== undefined) properties.Timeout = changes.timeoutSeconds;
  }
  writeFileSync(join(folder, name), JSON.stringify(template));
}

interface Resource {
  readonly Type: string;
  readonly Properties: {
    State: string;
    Timeout: number;
    readonly Environment: { readonly Variables: Record<string, string> };
  };
}
