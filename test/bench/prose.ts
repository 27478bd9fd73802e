/** Text as people and programs write it: few words are frequent, many are rare, and some sentences come again. */
import { generator, integer, pick, type Random } from './random.ts';

const FREQUENT =
  'the of and to in is that for it was with be by on not this are from have or an which one you all their we been has ' +
  'order payment customer delivery account shipping invoice refund address package product warehouse request support ' +
  'confirmed cancelled pending late small large house street garden time people world system number under again water';
const CONSONANTS = 'bcdfglmnprstv';
const VOWELS = 'aeiou';
const VOCABULARY_WORDS = 4_000;
const COMMON_SENTENCES = 400;

const fixed = generator(99);
const syllable = (random: Random): string =>
  pick(random, CONSONANTS.split('')) + pick(random, VOWELS.split(''));
const VOCABULARY = FREQUENT.split(' ');
while (VOCABULARY.length < VOCABULARY_WORDS) {
  VOCABULARY.push(Array.from({ length: 2 + integer(fixed, 3) }, () => syllable(fixed)).join(''));
}

/** By Zipf's law: the tenth word is ten times rarer than the first. */
export const word = (random: Random): string =>
  VOCABULARY[Math.floor(VOCABULARY.length ** random()) - 1] ?? 'the';

function sentence(random: Random): string {
  let text = word(random);
  text = text.charAt(0).toUpperCase() + text.slice(1);
  for (let left = 5 + integer(random, 14); left > 0; left -= 1) {
    text += integer(random, 15) === 0 ? `, ${word(random)}` : ` ${word(random)}`;
  }
  return `${text}.`;
}

const COMMON = Array.from({ length: COMMON_SENTENCES }, () => sentence(fixed));

/** Half of its sentences are common; some have quotes, backslashes, line feeds, other alphabets. */
export function prose(random: Random, mostSentences: number): string {
  let text = '';
  for (let left = 1 + integer(random, mostSentences); left > 0; left -= 1) {
    if (text !== '') text += integer(random, 6) === 0 ? '\n' : ' ';
    text += integer(random, 2) === 0 ? pick(random, COMMON) : sentence(random);
    if (integer(random, 12) === 0) text += ` It's "${word(random)}" \\ ${word(random)}'s.`;
    if (integer(random, 20) === 0) text += ' Grüße – café ☕';
  }
  return text;
}
