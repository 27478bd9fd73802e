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
  /** Another deploy than a laptop's, and where its assembly lies in the cache. */
  readonly deploy?: { readonly folder: string; readonly context: Readonly<Record<string, unknown>> };
  /** Changes whatever else is to be otherwise in the template. */
  readonly change?: (template: Template) => void;
  /** Changes the code that is served. @param folder of the whole assembly, of this test alone */
  readonly changeCode?: (folder: string) => void;
}

const WORKER = /^workflows(backup|restore|verify)/;

/** @param folder an empty one: another test may synthesize newer sources meanwhile, and must not change what is served */
export async function assemblyIn(folder: string, changes: WorkerChanges = {}): Promise<void> {
  const { folder: cacheFolder = 'assembly', context } = changes.deploy ?? {};
  const cached = resolve(import.meta.dirname, '../../.cache', cacheFolder);
  await synthesize({ folder: cached, ...(context && { context }) });
  await withLock(`${cached}.lock`, async () => cpSync(cached, folder, { recursive: true }));
  changes.changeCode?.(folder);
  const name = readdirSync(folder).find((file) => file.endsWith('.template.json')) ?? '';
  const template: Template = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  changes.change?.(template);
  for (const [logicalId, { Type: type, Properties: properties }] of Object.entries(template.Resources)) {
    // What goes by the clock is called by the tests themselves: it must not come between two of their steps.
    if (type === 'AWS::Events::Rule') properties.State = 'DISABLED';
    if (type !== 'AWS::Lambda::Function') continue;
    const variables = properties.Environment?.Variables ?? {};
    for (const [begin, settings] of Object.entries(changes.others ?? {})) {
      if (logicalId.startsWith(begin)) Object.assign(variables, settings);
    }
    if (!WORKER.test(logicalId)) continue;
    Object.assign(variables, changes.settings);
    if (changes.timeoutSeconds !== undefined) properties.Timeout = changes.timeoutSeconds;
  }
  writeFileSync(join(folder, name), JSON.stringify(template));
}

export interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: {
          State: string;
          Timeout: number;
          /** Of functions that have settings. */
          readonly Environment?: { readonly Variables: Record<string, string> };
          readonly PolicyDocument: { Statement: readonly GrantStatement[] };
        };
      }
    >
  >;
}
export interface GrantStatement {
  Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
