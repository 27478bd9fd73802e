/** Events that were accepted and have not ended, on disk. */
import { openPrivateDatabase } from '../data-folder.ts';
import { type FunctionModel, withVersion } from '../template/functions.ts';

export interface QueuedEvent {
  readonly id: number;
  readonly model: FunctionModel;
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly accepted: number;
  readonly attempts: number;
}

export interface AsyncEvents {
  add(model: FunctionModel, payload: string): QueuedEvent;
  /** Counts an attempt, or takes one back. */
  countAttempt(event: QueuedEvent, by: 1 | -1): void;
  remove(event: QueuedEvent): void;
  /** All of these functions, the oldest first; those of functions that are gone are passed over. */
  read(models: readonly FunctionModel[]): readonly QueuedEvent[];
  close(): void;
}

export function openAsyncEvents(file: string): AsyncEvents {
  const database = openPrivateDatabase(file);
  database.exec(`CREATE TABLE IF NOT EXISTS event (
      id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, payload TEXT NOT NULL,
      accepted INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT`);
  const insert = database.prepare('INSERT INTO event (function, payload, accepted) VALUES (?, ?, ?)');
  const count = database.prepare('UPDATE event SET attempts = attempts + ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM event WHERE id = ?');
  const all = database.prepare('SELECT id, function, payload, accepted, attempts FROM event ORDER BY id');
  return {
    add: (model, payload) => {
      const accepted = Date.now();
      const { lastInsertRowid } = insert.run(withVersion(model.name, model.version), payload, accepted);
      return { id: Number(lastInsertRowid), model, payload, accepted, attempts: 0 };
    },
    countAttempt: ({ id }, by) => void count.run(by, id),
    remove: ({ id }) => void remove.run(id),
    read: (models) =>
      all.all().flatMap(({ id, function: name, payload, accepted, attempts }) => {
        const model = models.find((known) => withVersion(known.name, known.version) === name);
        if (model === undefined) return [];
        return [
          {
            id: Number(id),
            model,
            payload: String(payload),
            accepted: Number(accepted),
            attempts: Number(attempts),
          },
        ];
      }),
    close: () => database.close(),
  };
}
