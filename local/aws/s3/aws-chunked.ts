/**
 * Bodies in `aws-chunked` coding: chunks with or without a signature each, and trailing headers.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
import { createHash, type Hash } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { chunkSignature, doesNotMatch, sameSignature, type VerifiedSignature } from '../sigv4.ts';

/** A hexadecimal length and a signature fit many times; whatever is longer is no chunk header. */
const MAX_LINE_BYTES = 4096;
const EMPTY_SHA256 = createHash('sha256').digest('hex');

export interface ChunkedDecoder {
  /** Gives the payload inside a piece of the body on, without copying. @throws AwsError where it breaks the rules */
  push(piece: Buffer, emit: (data: Buffer) => void): void;
  /** To be called at the body's end. @returns the trailing headers. @throws AwsError `IncompleteBody` */
  end(): ReadonlyMap<string, string>;
}

/** @param seed the signature that the chunks' signatures continue; absent where they carry none */
export function createChunkedDecoder(seed: VerifiedSignature | undefined): ChunkedDecoder {
  const trailers = new Map<string, string>();
  let state: 'header' | 'data' | 'data-end' | 'trailer' | 'done' = 'header';
  let line = '';
  let remaining = 0;
  const chain = seed && createChain(seed);

  const takeLine = (): void => {
    if (state === 'header') {
      remaining = chunkLength(line, chain);
      state = remaining === 0 ? 'trailer' : 'data';
      if (remaining === 0) chain?.closeChunk();
    } else if (state === 'data-end') {
      if (line !== '') throw malformedChunk();
      state = 'header';
    } else if (line === '') {
      chain?.closeTrailer(trailers);
      state = 'done';
    } else {
      trailers.set(...trailerIn(line));
    }
    line = '';
  };

  return {
    push(piece, emit) {
      let offset = 0;
      while (offset < piece.length) {
        if (state === 'done') throw malformedChunk();
        if (state === 'data') {
          const data = piece.subarray(offset, offset + remaining);
          chain?.update(data);
          emit(data);
          offset += data.length;
          remaining -= data.length;
          if (remaining === 0) {
            chain?.closeChunk();
            state = 'data-end';
          }
          continue;
        }
        const newline = piece.indexOf(0x0a, offset);
        const end = newline < 0 ? piece.length : newline;
        line += piece.toString('latin1', offset, end);
        if (line.length > MAX_LINE_BYTES) throw malformedChunk();
        offset = end + 1;
        if (newline < 0) return;
        if (!line.endsWith('\r')) throw malformedChunk();
        line = line.slice(0, -1);
        takeLine();
      }
    },
    end() {
      if (state !== 'done')
        throw new AwsError(400, 'IncompleteBody', 'The request body terminated unexpectedly');
      return trailers;
    },
  };
}

/** The chain of signatures: each covers the one before, so that no chunk can be left out, added or moved. */
interface ChunkChain {
  open(signature: string): void;
  update(data: Buffer): void;
  closeChunk(): void;
  closeTrailer(trailers: Map<string, string>): void;
}

function createChain(seed: VerifiedSignature): ChunkChain {
  let previous = seed.signature;
  let claimed = '';
  let hash: Hash = createHash('sha256');
  const link = (kind: 'PAYLOAD' | 'TRAILER', given: string, hashes: readonly string[]): void => {
    const expected = chunkSignature(seed, kind, previous, hashes);
    if (!sameSignature(expected, given)) throw doesNotMatch();
    previous = expected;
  };
  return {
    open(signature) {
      claimed = signature;
      hash = createHash('sha256');
    },
    update: (data) => hash.update(data),
    closeChunk: () => link('PAYLOAD', claimed, [EMPTY_SHA256, hash.digest('hex')]),
    closeTrailer(trailers) {
      const given = trailers.get('x-amz-trailer-signature');
      trailers.delete('x-amz-trailer-signature');
      if (given === undefined && trailers.size === 0) return;
      const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
      link('TRAILER', given ?? '', [createHash('sha256').update(text).digest('hex')]);
    },
  };
}

function chunkLength(line: string, chain: ChunkChain | undefined): number {
  const match = /^(?<length>[0-9a-fA-F]{1,12})(?:;chunk-signature=(?<signature>[0-9a-f]{64}))?$/.exec(line);
  const { length, signature } = match?.groups ?? {};
  if (length === undefined || (signature === undefined) !== (chain === undefined)) throw malformedChunk();
  chain?.open(signature ?? '');
  return Number.parseInt(length, 16);
}

function trailerIn(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon >= 1) return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  throw new AwsError(
    400,
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed.',
  );
}

const malformedChunk = () =>
  new AwsError(
    400,
    'InvalidRequest',
    'The body does not follow the aws-chunked coding that its headers announce.',
  );
