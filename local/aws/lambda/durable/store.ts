/** Durable executions on disk: whatever an answer has told is there after a kill. */
import type { DatabaseSync } from 'node:sqlite';
import { openPrivateDatabase } from '../../../data-folder.ts';
import type { Execution, HistoryEvent, Operation } from './operation.ts';

/** An invocation of another function that an operation waits for. */
export interface ChainedCall {
  readonly operationId: string;
  readonly functionName: string;
  readonly version: string;
  readonly payload: string;
  /** It may have run: it is not made a second time. */
  readonly begun: boolean;
}

/** What changes together, or not at all. */
interface Change {
  readonly arn: string;
  /** @default as it is */
  readonly execution?: Execution;
  /** Whether its function runs after this. @default as it is */
  readonly invoking?: boolean;
  readonly operations?: readonly Operation[];
  readonly events?: readonly HistoryEvent[];
  readonly calls?: readonly ChainedCall[];
}

export interface ExecutionStore {
  find(arn: string): Execution | undefined;
  findByName(functionName: string, name: string): Execution | undefined;
  /** Oldest first. */
  ofFunction(functionName: string): Execution[];
  running(): { readonly execution: Execution; readonly invoking: boolean }[];
  operations(arn: string): Map<string, Operation>;
  /** Oldest first, numbered from 1. */
  events(arn: string): HistoryEvent[];
  calls(arn: string): ChainedCall[];
  write(change: Change): void;
  /** Operations that changed since the function saw them last; they count as seen from now on. */
  takeUnseen(arn: string): Operation[];
  hasUnseen(arn: string): boolean;
  /** Removes executions whose history need not be kept any more. */
  forget(now: number): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS execution (
    arn TEXT PRIMARY KEY, function TEXT NOT NULL, name TEXT NOT NULL, running INTEGER NOT NULL,
    invoking INTEGER NOT NULL, forget_at INTEGER, record TEXT NOT NULL, UNIQUE (function, name)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS operation (
    number INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL, id TEXT NOT NULL, unseen INTEGER NOT NULL,
    record TEXT NOT NULL, UNIQUE (arn, id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS event_of_execution ON event (arn, number);
  CREATE TABLE IF NOT EXISTS call (
    arn TEXT NOT NULL, operation TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (arn, operation)
  ) STRICT;`;

export function openExecutionStore(file: string): ExecutionStore {
  const database = openPrivateDatabase(file);
  database.exec(SCHEMA);
  const select = selections(database);
  const write = writer(database);
  return {
    find: (arn) => one<Execution>(select.byArn.get(arn)),
    findByName: (functionName, name) => one<Execution>(select.byName.get(functionName, name)),
    ofFunction: (functionName) => all<Execution>(select.ofFunction.all(functionName)),
    running: () =>
      select.running.all().map((row) => ({
        execution: parse<Execution>(row.record),
        invoking: row.invoking === 1,
      })),
    operations: (arn) =>
      new Map(all<Operation>(select.operations.all(arn)).map((operation) => [operation.Id, operation])),
    events: (arn) =>
      all<HistoryEvent>(select.events.all(arn)).map((event, index) => ({ ...event, EventId: index + 1 })),
    calls: (arn) => all<ChainedCall>(select.calls.all(arn)),
    write,
    takeUnseen: (arn) => all<Operation>(select.takeUnseen.all(arn)),
    hasUnseen: (arn) => select.hasUnseen.get(arn) !== undefined,
    forget: (now) => {
      for (const { arn } of select.forgettable.all(now)) removeExecution(database, String(arn));
    },
    close: () => database.close(),
  };
}

const selections = (database: DatabaseSync) => ({
  byArn: database.prepare('SELECT record FROM execution WHERE arn = ?'),
  byName: database.prepare('SELECT record FROM execution WHERE function = ? AND name = ?'),
  ofFunction: database.prepare('SELECT record FROM execution WHERE function = ? ORDER BY rowid'),
  running: database.prepare('SELECT record, invoking FROM execution WHERE running = 1 ORDER BY rowid'),
  operations: database.prepare('SELECT record FROM operation WHERE arn = ? ORDER BY number'),
  events: database.prepare('SELECT record FROM event WHERE arn = ? ORDER BY number'),
  calls: database.prepare('SELECT record FROM call WHERE arn = ? ORDER BY rowid'),
  takeUnseen: database.prepare(
    'UPDATE operation SET unseen = 0 WHERE arn = ? AND unseen = 1 RETURNING record',
  ),
  hasUnseen: database.prepare('SELECT 1 FROM operation WHERE arn = ? AND unseen = 1 LIMIT 1'),
  forgettable: database.prepare('SELECT arn FROM execution WHERE forget_at <= ?'),
});

function writer(database: DatabaseSync): (change: Change) => void {
  const execution = database.prepare(`
    INSERT INTO execution (arn, function, name, running, invoking, forget_at, record)
    VALUES (:arn, :function, :name, :running, 0, :forget, :record)
    ON CONFLICT (arn) DO UPDATE SET running = :running, forget_at = :forget, record = :record`);
  const invocation = database.prepare('UPDATE execution SET invoking = ? WHERE arn = ?');
  const operation = database.prepare(`
    INSERT INTO operation (arn, id, unseen, record) VALUES (?, ?, 1, ?)
    ON CONFLICT (arn, id) DO UPDATE SET unseen = 1, record = excluded.record`);
  const event = database.prepare('INSERT INTO event (arn, record) VALUES (?, ?)');
  const call = database.prepare(`
    INSERT INTO call (arn, operation, record) VALUES (?, ?, ?)
    ON CONFLICT (arn, operation) DO UPDATE SET record = excluded.record`);
  return ({ arn, execution: changed, invoking, operations = [], events = [], calls = [] }) =>
    transaction(database, () => {
      if (changed !== undefined) execution.run({ arn, ...columnsOf(changed) });
      if (invoking !== undefined) invocation.run(Number(invoking), arn);
      for (const one of operations) operation.run(arn, one.Id, JSON.stringify(one));
      for (const one of events) event.run(arn, JSON.stringify(one));
      for (const one of calls) call.run(arn, one.operationId, JSON.stringify(one));
    });
}

const columnsOf = (execution: Execution) => ({
  function: execution.functionName,
  name: execution.name,
  running: Number(execution.status === 'RUNNING'),
  forget: execution.forgetAt ?? null,
  record: JSON.stringify(execution),
});

function removeExecution(database: DatabaseSync, arn: string): void {
  transaction(database, () => {
    for (const table of ['call', 'event', 'operation', 'execution'])
      database.prepare(`DELETE FROM ${table} WHERE arn = ?`).run(arn);
  });
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** What this file has written itself. */
const parse = <T>(record: unknown): T => JSON.parse(String(record));
const one = <T>(row: Readonly<Record<string, unknown>> | undefined): T | undefined =>
  row === undefined ? undefined : parse<T>(row.record);
const all = <T>(rows: readonly Readonly<Record<string, unknown>>[]): T[] =>
  rows.map(({ record }) => parse<T>(record));
