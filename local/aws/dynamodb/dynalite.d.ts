declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @param options `path` of the LevelDB folder; how long tables stay in CREATING */
  function dynalite(options: { readonly path: string; readonly createTableMs: number }): Server;
  export = dynalite;
}
