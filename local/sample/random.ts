/** Numbers that look random and are the same for the same seed. */

export interface Random {
  /** From 0 up to, but not including, `below`. */
  readonly int: (below: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  /** True in about this share of calls, 0 to 1. */
  readonly chance: (share: number) => boolean;
  readonly bytes: (count: number) => Buffer;
}

/** @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c mulberry32, in the public domain */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (below: number): number => next() % below;
  return {
    int,
    pick: (list) => {
      const item = list[int(list.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    chance: (share) => next() < share * 2 ** 32,
    bytes: (count) => {
      const words = new Uint32Array(Math.ceil(count / 4)).map(next);
      return Buffer.from(words.buffer, 0, count);
    },
  };
}
