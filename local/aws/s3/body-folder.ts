/** Bodies as files with random names, two levels deep: no name of a user ever becomes a path. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** A stretch of a body. */
export interface BodySlice {
  readonly body: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A body on its way to the disk. */
interface NewBody {
  readonly id: string;
  readonly stream: Writable;
  /** Writes in line: resolves when there is room for more. */
  write(chunk: Buffer): Promise<void>;
  /** Waits until all is on the disk, name and content. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

export interface BodyReader {
  readonly chunks: AsyncGenerator<Buffer, void, undefined>;
  /** To be called in any case, once. */
  release(): Promise<void>;
}

export interface BodyFolder {
  create(): Promise<NewBody>;
  /** Streams slices one after the other; bodies that are removed meanwhile stay until the release. */
  read(slices: readonly BodySlice[]): BodyReader;
  /** Removes bodies whose rows are gone. */
  remove(ids: readonly string[]): Promise<void>;
}

/** While one write is on its way to the disk, this much more may gather for the next. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
const READ_BUFFER_BYTES = 1024 * 1024;

/** @param known the bodies that have rows; any other file is the litter of a crash and is removed */
export function openBodyFolder(folder: string, known: ReadonlySet<string>): BodyFolder {
  for (let shelf = 0; shelf < 256; shelf++) {
    const path = join(folder, shelf.toString(16).padStart(2, '0'));
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const id of readdirSync(path)) if (!known.has(id)) rmSync(join(path, id));
  }
  const pathOf = (id: string): string => join(folder, id.slice(0, 2), id);
  const readers = new Map<string, number>();
  const doomed = new Set<string>();

  const pin = (id: string, by: 1 | -1): void => {
    const count = (readers.get(id) ?? 0) + by;
    if (count > 0) readers.set(id, count);
    else readers.delete(id);
  };

  return {
    async create() {
      const id = randomBytes(16).toString('hex');
      const path = pathOf(id);
      return newBody(id, path, writerOf(await open(path, 'wx', 0o600)));
    },
    read(slices) {
      const ids = slices.map((slice) => slice.body);
      for (const id of ids) pin(id, 1);
      return {
        chunks: readSlices(slices, pathOf),
        async release() {
          for (const id of ids) pin(id, -1);
          const free = ids.filter((id) => !readers.has(id) && doomed.delete(id));
          await Promise.all(free.map((id) => rm(pathOf(id), { force: true })));
        },
      };
    },
    async remove(ids) {
      for (const id of ids) {
        if (readers.has(id)) doomed.add(id);
        else await rm(pathOf(id), { force: true });
      }
    },
  };
}

function newBody(id: string, path: string, stream: Writable): NewBody {
  // Whoever writes or finishes gets the error; between two writes nobody listens.
  stream.on('error', () => undefined);
  return {
    id,
    stream,
    async write(chunk) {
      if (stream.errored !== null) throw stream.errored;
      if (!stream.write(chunk)) await once(stream, 'drain');
    },
    async finish() {
      stream.end();
      await finished(stream);
      await syncFolder(dirname(path));
    },
    async discard() {
      stream.destroy();
      await finished(stream).catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

/** Gathers what arrives while the disk is busy into one vectored write, and syncs the file before it ends. */
function writerOf(file: FileHandle): Writable {
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= file.close();
    return closed;
  };
  const then = (work: Promise<void>, done: (error?: Error | null) => void): void => {
    work.then(() => done(), done);
  };
  return new Writable({
    highWaterMark: WRITE_BUFFER_BYTES,
    write: (chunk: Buffer, _encoding, done) => then(writeAll(file, [chunk]), done),
    writev: (chunks, done) =>
      then(
        writeAll(
          file,
          chunks.map(({ chunk }) => chunk as Buffer),
        ),
        done,
      ),
    final: (done) => then(file.datasync().then(close), done),
    destroy: (error, done) => {
      close().then(
        () => done(error),
        () => done(error),
      );
    },
  });
}

async function writeAll(file: FileHandle, chunks: Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  let skip = bytesWritten;
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      // A write may end early, at a signal or a nearly full disk: the rest goes on its own, or fails with the reason.
      for (let from = skip; from < chunk.length; ) from += (await file.write(chunk, from)).bytesWritten;
      skip = 0;
    }
  }
}

async function* readSlices(
  slices: readonly BodySlice[],
  pathOf: (id: string) => string,
): AsyncGenerator<Buffer, void, undefined> {
  for (const { body, offset, bytes } of slices) {
    const file = await open(pathOf(body), 'r');
    try {
      for (let done = 0; done < bytes; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BUFFER_BYTES, bytes - done));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + done);
        if (bytesRead === 0) throw new Error(`the body ${body} is shorter than its record says`);
        done += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}

/** A new name is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
