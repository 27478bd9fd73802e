/**
 * Published versions of functions outlive the template that published them, as they do in an account where the stack
 * retains them: an execution ends on the code that it started with.
 */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../data-folder.ts';
import type { FunctionModel } from '../template/functions.ts';

/** Of each function, this template's included. Older ones go: a laptop is deployed to at each start. */
const KEPT_VERSIONS = 5;
const MODEL_FILE = 'model.json';

/**
 * Keeps the published versions among the models.
 * @param folder where they are kept, each in a folder of its own
 * @returns those that earlier templates published and this one does not
 */
export function keepVersions(folder: string, models: readonly FunctionModel[]): FunctionModel[] {
  const published = models.filter(({ version }) => version !== '$LATEST');
  const namesOf = published.map(({ name, version }) => `${name}:${version}`);
  for (const model of published) keep(folder, model);
  const earlier = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, MODEL_FILE)))
    .map((name) => ({ path: join(folder, name), keptAt: statSync(join(folder, name, MODEL_FILE)).mtimeMs }))
    .sort((one, other) => other.keptAt - one.keptAt)
    .map(({ path }) => ({ path, model: readModel(path) }))
    .filter(({ model }) => !namesOf.includes(`${model.name}:${model.version}`));
  const byFunction = [...Map.groupBy(earlier, ({ model }) => model.name).values()];
  for (const { path } of byFunction.flatMap((versions) => versions.slice(KEPT_VERSIONS - 1)))
    rmSync(path, { recursive: true, force: true });
  return byFunction
    .flatMap((versions) => versions.slice(0, KEPT_VERSIONS - 1))
    .map(({ model }) => model)
    .filter(({ layerFolders }) => layerFolders.every((layer) => existsSync(layer)));
}

function keep(folder: string, model: FunctionModel): void {
  const place = join(folder, `${model.name}-${model.version}`);
  if (existsSync(place)) return;
  const draft = `${place}.new`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(model.codeFolder, join(draft, 'code'), { recursive: true });
  // Aliases move on to the versions of later templates.
  const kept: FunctionModel = { ...model, aliases: [], codeFolder: join(place, 'code') };
  writePrivateFile(join(draft, MODEL_FILE), JSON.stringify(kept));
  renameSync(draft, place);
}

/** What this file has written itself. */
const readModel = (path: string): FunctionModel => JSON.parse(readFileSync(join(path, MODEL_FILE), 'utf8'));
