/** What is running, to be ended in the reverse order, once. */

export interface Closers {
  readonly add: (close: () => Promise<void>) => void;
  /** Ends everything; a second call waits for the first. What fails to end does not keep the others from it. */
  readonly closeAll: () => Promise<void>;
}

export function openClosers(): Closers {
  const open: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      await next().catch((error: unknown) => console.error(`could not be ended: ${String(error)}`));
    }
  };
  return {
    add: (next) => open.push(next),
    closeAll: () => {
      closing ??= close();
      return closing;
    },
  };
}
