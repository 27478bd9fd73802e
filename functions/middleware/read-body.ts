import { SafeBaseError } from '../errors.ts';

/** Bytes of a body; API Gateway itself would let 10 MB through. */
const MAX_BODY_BYTES = 64 * 1024;

/** The parts of API Gateway's event that tell of a body. */
interface BodyOfRequest {
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * The JSON value of a request's body; nothing where there is none.
 * @throws `body_too_large`, `malformed_json`, `invalid_request`
 */
export function readBody({ body, isBase64Encoded, headers }: BodyOfRequest): unknown {
  if (body === undefined || body === '') return undefined;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) {
    throw new SafeBaseError('body_too_large', `the body has more than ${MAX_BODY_BYTES} bytes`);
  }
  if (!/^application\/json *(;.*)?$/i.test(headers['content-type'] ?? '')) {
    throw new SafeBaseError('malformed_json', 'the Content-Type is not application/json');
  }
  return parse(bytes);
}

function parse(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return JSON.parse(text, refusePrototype);
  } catch (error) {
    if (error instanceof SafeBaseError) throw error;
    throw new SafeBaseError('malformed_json', 'the body is not JSON in UTF-8', { cause: error });
  }
}

/** The only name that means something to JavaScript itself; a validator may skip over it without a word. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new SafeBaseError('invalid_request', '__proto__: is not a field');
  return value;
}
