import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the functions wait for in earnest takes minutes: these are the same limits, in the bundles that are served. */
const SHORTER: readonly (readonly [RegExp, string])[] = [
  [/answerMs:(5e3|12e4)/g, 'answerMs:1e3'],
  [/socketTimeout:5e4,requestTimeout:55e3/g, 'socketTimeout:1e3,requestTimeout:1e3'],
  [/queryTimeoutMs:10\*6e4/g, 'queryTimeoutMs:2e3'],
];

/** @throws Error where no bundle has one of the limits any more */
export function shortenWaits(assemblyFolder: string): void {
  const missing = new Set(SHORTER);
  for (const file of readdirSync(assemblyFolder, { recursive: true, encoding: 'utf8' })) {
    if (!/^asset\.\w+\/index\.mjs$/.test(file)) continue;
    const path = join(assemblyFolder, file);
    let text = readFileSync(path, 'utf8');
    for (const limit of SHORTER) {
      const [long, short] = limit;
      if (text.search(long) >= 0) missing.delete(limit);
      text = text.replaceAll(long, short);
    }
    writeFileSync(path, text);
  }
  if (missing.size > 0) throw new Error(`no bundle has ${[...missing].map(([long]) => long.source)}`);
}
