import type { Classified } from './classify.ts';

/** What a statement is about, for people: "view `v`". */
export const describe = (does: Classified): string =>
  'name' in does ? `${does.kind} \`${does.name}\`` : does.kind;
