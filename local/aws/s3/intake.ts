/**
 * Receives a body: takes it out of its coding, hashes it once in all asked ways while it passes, and believes none of
 * the claims about it before the end.
 */
import type { Writable } from 'node:stream';
import { AwsError } from '../aws-error.ts';
import { type ChunkedDecoder, createChunkedDecoder } from './aws-chunked.ts';
import type { BodyFolder } from './body-folder.ts';
import { type Algorithm, type Digest, startDigest } from './checksums.ts';
import { type Claims, checkClaims, readClaims } from './claims.ts';
import type { S3Request } from './request.ts';

/** A body that was received whole, whose claims have all proved true. */
export interface Received {
  readonly size: number;
  /** Of the asked algorithms, of the claimed ones and of MD5 where it was wanted. */
  readonly digests: ReadonlyMap<Algorithm | 'MD5', Buffer>;
}

/** Receives into a new file of the folder; whatever fails, the file is gone again. */
export async function receiveFile(
  request: S3Request,
  claims: Claims,
  bodies: BodyFolder,
  wanted: readonly (Algorithm | 'MD5')[],
): Promise<Received & { readonly body: string }> {
  const body = await bodies.create();
  try {
    const received = await receive(request, claims, wanted, body.stream);
    await body.finish();
    return { ...received, body: body.id };
  } catch (error) {
    await body.discard();
    throw error;
  }
}

/** Receives a document, which must be small. @throws AwsError `MaxMessageLengthExceeded` */
export async function receiveText(request: S3Request, limitBytes: number): Promise<string> {
  const { stream, headers } = request;
  // Without Content-Length and without chunks there is no body at all.
  const empty = headers.get('content-length') === undefined && headers.get('transfer-encoding') === undefined;
  const claims = empty ? undefined : readClaims(request);
  if (claims === undefined) return '';
  if (claims.size > limitBytes) {
    stream.resume();
    throw new AwsError(400, 'MaxMessageLengthExceeded', 'Your request was too big.');
  }
  const chunks: Buffer[] = [];
  await receive(request, claims, [], { write: (chunk: Buffer) => chunks.push(chunk) > 0 });
  return Buffer.concat(chunks).toString('utf8');
}

type Sink = Pick<Writable, 'write'> & Partial<Pick<Writable, 'on' | 'once'>>;

async function receive(
  request: S3Request,
  claims: Claims,
  wanted: readonly (Algorithm | 'MD5')[],
  sink: Sink,
): Promise<Received> {
  const running = new Map<Algorithm | 'MD5', Digest>();
  const also = [
    ...(claims.algorithm === undefined ? [] : [claims.algorithm]),
    ...(claims.md5 ? (['MD5'] as const) : []),
  ];
  for (const name of [...wanted, ...also, ...(claims.sha256 === undefined ? [] : (['SHA256'] as const))]) {
    if (!running.has(name)) running.set(name, startDigest(name));
  }
  const decoder =
    claims.coding === 'plain'
      ? undefined
      : createChunkedDecoder(claims.coding === 'signed-chunks' ? request.signature : undefined);
  let size = 0;
  await drain(request, decoder, sink, (data) => {
    size += data.length;
    if (size > claims.size)
      throw new AwsError(400, 'IncompleteBody', 'The request body is longer than its headers say');
    for (const digest of running.values()) digest.update(data);
    return sink.write(data);
  });
  if (size !== claims.size) {
    throw new AwsError(
      400,
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header.',
    );
  }
  const digests = new Map([...running].map(([name, digest]) => [name, digest.value()] as const));
  checkClaims(claims, digests, decoder?.end() ?? new Map());
  return { size, digests };
}

/**
 * Reads the request to its end, at the pace of the sink. After a failure the rest is read and dropped: a connection
 * that is cut while the client still sends would lose it the answer.
 */
function drain(
  { stream }: S3Request,
  decoder: ChunkedDecoder | undefined,
  sink: Sink,
  take: (data: Buffer) => boolean,
): Promise<void> {
  return new Promise((settle, reject) => {
    let failed = false;
    const fail = (error: unknown): void => {
      failed = true;
      stream.resume();
      reject(error);
    };
    stream.on('data', (piece: Buffer) => {
      if (failed) return;
      try {
        let room = true;
        const emit = (data: Buffer): void => {
          if (data.length > 0) room = take(data) && room;
        };
        if (decoder === undefined) emit(piece);
        else decoder.push(piece, emit);
        if (!room) stream.pause();
      } catch (error) {
        fail(error);
      }
    });
    const gone = () => new AwsError(400, 'RequestTimeout', 'The client went away before the body had ended.');
    // Whoever left before we listened will not tell again.
    if (stream.destroyed) fail(gone());
    sink.on?.('drain', () => stream.resume());
    sink.once?.('error', fail);
    stream.once('end', () => settle());
    stream.once('error', fail);
    stream.once('close', () => fail(gone()));
  });
}
