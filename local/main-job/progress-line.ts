/** One line for what is under way: redrawn on a terminal, else printed every few seconds. */
import { megabytes } from './megabytes.ts';

interface Progress {
  readonly phase: string;
  readonly bytesDone?: number | undefined;
  readonly bytesEstimated?: number | undefined;
}

export interface ProgressLine {
  /** @param progress how far it is, or a word for its state while it has not begun */
  readonly show: (progress: Progress | string) => void;
  /** Replaces the line by the last word, with the time that it all took. */
  readonly end: (text: string) => void;
  /** Takes the line away, before an error is printed. */
  readonly drop: () => void;
}

/** As much of a terminal as is needed. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const QUIET_INTERVAL_MS = 3_000;
const TITLE_WIDTH = 9;
/** Together with title and time a line fits into 80 columns. */
const TEXT_WIDTH = 57;
const START_OF_LINE = '\r\u001b[2K';

/** @param now milliseconds, from any start */
export function openProgressLine(
  title: string,
  output: Output = process.stdout,
  now: () => number = () => performance.now(),
): ProgressLine {
  const start = now();
  let lastPrinted = start;
  const lineOf = (text: string): string =>
    `  ${title.padEnd(TITLE_WIDTH)} ${text.padEnd(TEXT_WIDTH)} ${((now() - start) / 1_000).toFixed(1).padStart(5)} s`;
  return {
    show: (progress) => {
      if (output.isTTY === true) {
        output.write(START_OF_LINE + lineOf(barOf(progress)));
      } else if (now() - lastPrinted >= QUIET_INTERVAL_MS) {
        lastPrinted = now();
        output.write(`${lineOf(barOf(progress))}\n`);
      }
    },
    end: (text) => output.write(`${output.isTTY === true ? START_OF_LINE : ''}${lineOf(text)}\n`),
    drop: () => {
      if (output.isTTY === true) output.write(START_OF_LINE);
    },
  };
}

/** Does something and prints a line for it with its time. */
export async function step<T>(title: string, say: (result: T) => string, act: () => Promise<T>): Promise<T> {
  const line = openProgressLine(title);
  const result = await act();
  line.end(say(result));
  return result;
}

/** `[██████····] 25 %  dump, 6 MB of about 24 MB`; without progress the bar is empty. */
function barOf(progress: Progress | string): string {
  const told: Progress = typeof progress === 'string' ? { phase: progress } : progress;
  const { phase, bytesDone = 0, bytesEstimated = 0 } = told;
  // An estimate is one: more than all of it is still all of it.
  const share = bytesEstimated > 0 ? Math.min(1, bytesDone / bytesEstimated) : 0;
  const full = Math.round(share * BAR_WIDTH);
  const bar = `[${'█'.repeat(full)}${'·'.repeat(BAR_WIDTH - full)}]`;
  if (bytesEstimated === 0) return `${bar}  ${phase}`;
  return `${bar} ${Math.round(share * 100)} %  ${phase}, ${megabytes(bytesDone)} of about ${megabytes(bytesEstimated)}`;
}
