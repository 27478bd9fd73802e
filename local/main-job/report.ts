/** What the main job prints at its end. */
import { relative } from 'node:path';
import type { Difference } from '../compare/compare-contents.ts';
import { type Content, summarise } from '../compare/content.ts';
import type { Loss, Run } from './api-client.ts';
import type { Side } from './databases.ts';
import { megabytesPerSecond } from './megabytes.ts';
import type { JobResult } from './run-main-job.ts';

const SHOWN_DIFFERENCES = 20;
const SHOWN_CHARACTERS = 160;

/** The table, what was lost or differs, and the verdict as the last line. */
export function linesOf({ backup, restore, comparison }: JobResult): readonly string[] {
  const { source, differences } = comparison;
  const losses = backup.losses ?? [];
  const textBytes = backup.dumpBytes ?? 0;
  return [
    '',
    row('', 'bytes', 'seconds', 'MB/s'),
    row(
      'backup',
      ...figures(textBytes, secondsOf(backup)),
      `of text, stored in ${grouped(backup.sizeBytes ?? 0)} bytes`,
    ),
    row('restore', ...figures(textBytes, secondsOf(restore)), 'of text'),
    row('compare', ...figures(comparison.sizeBytes, comparison.seconds), 'of values, both servers'),
    '',
    ...section('the backup cannot carry, and the comparison leaves out:', losses.map(lossLine)),
    ...section('members beyond the basic characters, which the account may not look at:', unreadOf(source)),
    ...section('differences:', differencesOf(differences)),
    verdictOf(source, differences),
  ];
}

/** How to go on with what is served. */
export function servingLines(served: {
  readonly apiUrl: string;
  readonly tokenFile: string;
  readonly dataFolder: string;
  readonly source: Side;
}): readonly string[] {
  const { apiUrl } = served;
  const tokenFile = shownPath(served.tokenFile);
  return [
    '',
    `  API       ${apiUrl}, until Ctrl-C`,
    `  token     ${tokenFile} (administrator)`,
    `  state     ${shownPath(served.dataFolder)}, kept for the next start`,
    '',
    `  curl -H "Authorization: Bearer $(cat ${tokenFile})" ${apiUrl}/backup`,
    '',
  ];
}

/** Relative where that is shorter to type. */
const shownPath = (path: string): string => {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? path : fromHere;
};

const row = (name: string, bytes: string, seconds: string, speed: string, note = ''): string =>
  `  ${name.padEnd(8)}${bytes.padStart(14)}${seconds.padStart(10)}${speed.padStart(8)}   ${note}`.trimEnd();

const figures = (bytes: number, seconds: number): [bytes: string, seconds: string, speed: string] => [
  grouped(bytes),
  seconds.toFixed(1),
  megabytesPerSecond(bytes, seconds),
];

/** From the worker's start to the final state, as the record has it. */
const secondsOf = ({ startedAt, endedAt }: Run): number =>
  startedAt === undefined || endedAt === undefined
    ? 0
    : (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;

const grouped = (number: number): string => number.toLocaleString('en');

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`), ''];

function lossLine({ schema, object, column, effect, certain }: Loss): string {
  const place = [schema, object, ...(column === undefined ? [] : [column])].join('.');
  return `${place}: ${effect}${certain ? '' : ' (possible; not every value was looked at)'}`;
}

const unreadOf = ({ unread }: Content): readonly string[] =>
  unread.map(({ schema, object }) => `${schema}.${object}`);

function differencesOf(differences: readonly Difference[]): readonly string[] {
  const shown = differences
    .slice(0, SHOWN_DIFFERENCES)
    .flatMap(({ object, what, source = 'missing', copy = 'missing' }) => [
      `${object}: ${what}`,
      `  source: ${shortened(source)}`,
      `  copy:   ${shortened(copy)}`,
    ]);
  const more = differences.length - SHOWN_DIFFERENCES;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function shortened(text: string): string {
  const flat = text.replace(/\p{Cc}+/gu, ' ');
  return flat.length > SHOWN_CHARACTERS ? `${flat.slice(0, SHOWN_CHARACTERS)}…` : flat;
}

function verdictOf(source: Content, differences: readonly Difference[]): string {
  const { tables, rows, sizeBytes } = summarise(source);
  const size = `${tables} tables, ${rows} rows, ${Math.round(sizeBytes / 1_000_000)} MB`;
  return differences.length === 0
    ? `SafeBase: backup and restore identical (${size})`
    : `SafeBase: backup and restore differ in ${differences.length} places (${size})`;
}
