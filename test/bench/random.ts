/** Numbers that look random and are the same on every machine. */

/** A number from 0 to below 1. */
export type Random = () => number;

/** Mulberry32: small, and good enough for rows. */
export function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const integer = (random: Random, below: number): number => Math.floor(random() * below);
export const pick = (random: Random, choices: readonly string[]): string =>
  choices[integer(random, choices.length)] ?? '';
/** @param places behind the point */
export const decimal = (random: Random, below: number, places: number): string =>
  (random() * below).toFixed(places);
export const digits = (random: Random, count: number): string => {
  let text = '';
  while (text.length < count) text += String(1e9 + integer(random, 1e9)).slice(1);
  return text.slice(0, count);
};
