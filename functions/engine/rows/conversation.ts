/**
 * One statement and the bytes of its answer, straight from the socket of an open connection. While it lasts, nothing
 * else may be sent over that connection; it ends with exactly one of `release` and `abandon`.
 */
export interface Conversation {
  /** Whether an answer ends with an OK packet in the place of an EOF packet (`CLIENT_DEPRECATE_EOF`). */
  readonly endsWithOk: boolean;
  /**
   * The next bytes that the server sends, cut anywhere. The socket waits while nobody asks for more.
   * @throws `connection_lost`, or the reason of the signal that the conversation was begun with
   */
  read(): Promise<Buffer>;
  /** Sends bytes as they are, and may keep them until the next call; resolves when there is room for more. @throws as `read` */
  send(bytes: readonly Buffer[]): Promise<void>;
  /** The answer was read to its end: the connection takes the next statement. */
  release(): Promise<void>;
  /** Breaks the connection: nobody could tell the rest of this answer from the next one. */
  abandon(): void;
}

/** Begins a conversation. The connection is broken when the signal ends it. */
export type Converse = (statement: string, signal: AbortSignal) => Conversation;
