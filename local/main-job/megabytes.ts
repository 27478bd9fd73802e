const MEGABYTE = 1_000_000;

/** `24 MB`, or `2.4 MB` below ten of them; a megabyte is a million bytes. */
export const megabytes = (bytes: number): string =>
  `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;

/** `12.3`, in a second; empty where no time was measured. */
export const megabytesPerSecond = (bytes: number, seconds: number): string =>
  seconds > 0 ? (bytes / MEGABYTE / seconds).toFixed(1) : '';
