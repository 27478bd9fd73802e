const { imul } = Math;

const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;

/**
 * MurmurHash3_x86_128 with seed 0 of `bytes` from `start` to `end`, written into `words` as h1, h2, h3, h4. Of the good
 * hashes of 128 bits it is the one that needs no multiplication beyond 32 bits, which is all that JavaScript has.
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function murmur3(bytes: DataView, start: number, end: number, words: Uint32Array): void {
  let [h1, h2, h3, h4] = [0, 0, 0, 0];
  let at = start;
  for (; end - at >= 16; at += 16) {
    let k = imul(bytes.getInt32(at, true), C1);
    h1 ^= imul((k << 15) | (k >>> 17), C2);
    h1 = (imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0;
    k = imul(bytes.getInt32(at + 4, true), C2);
    h2 ^= imul((k << 16) | (k >>> 16), C3);
    h2 = (imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0;
    k = imul(bytes.getInt32(at + 8, true), C3);
    h3 ^= imul((k << 17) | (k >>> 15), C4);
    h3 = (imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0;
    k = imul(bytes.getInt32(at + 12, true), C4);
    h4 ^= imul((k << 18) | (k >>> 14), C1);
    h4 = (imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0;
  }
  let k = wordAt(bytes, at + 12, end);
  h4 ^= imul(rotated(imul(k, C4), 18), C1);
  k = wordAt(bytes, at + 8, end);
  h3 ^= imul(rotated(imul(k, C3), 17), C4);
  k = wordAt(bytes, at + 4, end);
  h2 ^= imul(rotated(imul(k, C2), 16), C3);
  k = wordAt(bytes, at, end);
  h1 ^= imul(rotated(imul(k, C1), 15), C2);

  const length = end - start;
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = mixed(h1);
  h2 = mixed(h2);
  h3 = mixed(h3);
  h4 = mixed(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  words[0] = h1;
  words[1] = h2 + h1;
  words[2] = h3 + h1;
  words[3] = h4 + h1;
}

/** The up to four bytes from a place on as a little-endian number; behind the end there are zeros. */
function wordAt(bytes: DataView, at: number, end: number): number {
  if (end - at >= 4) return bytes.getInt32(at, true);
  let word = 0;
  for (let last = end - 1; last >= at; last -= 1) word = (word << 8) | bytes.getUint8(last);
  return word;
}

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function mixed(word: number): number {
  let h = word ^ (word >>> 16);
  h = imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
