import { DumpText } from '../../../../functions/engine/sql/dump-text.ts';

const SANDBOX = '/*M!999999\\- enable the sandbox mode */ \n';
const HEAD = '-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n';
const END = '-- Dump completed on 2026-11-22 22:31:58\n';

function watch(text: string, chunkBytes: number) {
  const watched = new DumpText();
  let kept = '';
  for (let at = 0; at < text.length; at += chunkBytes) {
    kept += watched.take(Buffer.from(text.slice(at, at + chunkBytes))).toString();
  }
  return { watched, kept };
}

describe('DumpText', () => {
  it.each([1, 3, 39, 40, 41, 42, 10_000])(
    'takes the sandbox line away, in chunks of %d bytes',
    (chunkBytes) => {
      const { watched, kept } = watch(SANDBOX + HEAD + END, chunkBytes);
      expect(kept).toBe(HEAD + END);
      expect(watched.bytes).toBe(kept.length);
      expect(watched.hasEnd).toBe(true);
      expect(watched.programVersion).toBe('11.8.6-MariaDB');
    },
  );

  it('keeps everything of a dump without that line', () => {
    const { kept, watched } = watch(`-- MySQL dump 10.13  Distrib 9.7.4-2, for Linux (x86_64)\n${END}`, 7);
    expect(kept.startsWith('-- MySQL dump')).toBe(true);
    expect(watched.programVersion).toBe('9.7.4-2');
  });

  it.each([
    ['a dump that is cut', HEAD, false],
    ['a dump that is cut within the last line', `${HEAD}-- Dump compl`, false],
    ['a last line without its newline', HEAD + END.trimEnd(), false],
    ['something after the end line', `${HEAD}${END}x\n`, false],
    ['the words within a row', `INSERT INTO t VALUES ('-- Dump completed');\n`, false],
    ['an end line without a date', `${HEAD}-- Dump completed\n`, true],
    ['nothing', '', false],
  ])('judges the end of %s', (_, text, hasEnd) => {
    expect(watch(text, 5).watched.hasEnd).toBe(hasEnd);
  });
});
