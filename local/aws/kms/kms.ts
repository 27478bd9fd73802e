/**
 * KMS, as far as tokens and signatures need it: HMACs and ECDSA under keys that never leave.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { KeyModel } from '../../template/stores.ts';
import { AwsError } from '../aws-error.ts';
import type { Operations } from '../json-protocol.ts';
import { readKeyMaterial } from './key-material.ts';
import { signDigest } from './sign-digest.ts';

/** KMS's limit for a message; more is to be hashed by the caller. */
const MAX_MESSAGE_BYTES = 4096;
const SHA256_BYTES = 32;

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
const message = base64.refine(
  ({ length }) => length > 0 && length <= MAX_MESSAGE_BYTES,
  `must have 1 to ${MAX_MESSAGE_BYTES} bytes`,
);
const macRequest = z.object({ KeyId: z.string(), Message: message, MacAlgorithm: z.literal('HMAC_SHA_256') });
const macVerification = macRequest.extend({ Mac: base64 });
const signRequest = z.object({
  KeyId: z.string(),
  Message: message,
  MessageType: z.enum(['RAW', 'DIGEST']).default('RAW'),
  SigningAlgorithm: z.string(),
});
const keyRequest = z.object({ KeyId: z.string() });

/** @param file where the keys lie, of mode 0600; they are made at the first start */
export function openKms(file: string, models: readonly KeyModel[]): Operations {
  const material = readKeyMaterial(file, models);
  const keyOf = (name: string, usage: string): { model: KeyModel; bytes: Buffer } => {
    const model = findKey(models, name);
    if (model === undefined) throw new AwsError(400, 'NotFoundException', `Key '${name}' does not exist`);
    const bytes = model.usage === usage ? material.get(model.id) : undefined;
    if (bytes === undefined) {
      throw new AwsError(400, 'InvalidKeyUsageException', `${model.arn} key usage is ${model.usage}`);
    }
    return { model, bytes };
  };
  return { ...macs(keyOf), ...signatures(keyOf) };
}

type KeyOf = (name: string, usage: string) => { readonly model: KeyModel; readonly bytes: Buffer };

function macs(keyOf: KeyOf): Operations {
  const mac = (key: Buffer, bytes: Buffer): Buffer => createHmac('sha256', key).update(bytes).digest();
  return {
    GenerateMac: (input) => {
      const { KeyId, Message, MacAlgorithm } = parse(macRequest, input);
      const { model, bytes } = keyOf(KeyId, 'GENERATE_VERIFY_MAC');
      return { KeyId: model.arn, Mac: mac(bytes, Message).toString('base64'), MacAlgorithm };
    },
    VerifyMac: (input) => {
      const { KeyId, Message, MacAlgorithm, Mac } = parse(macVerification, input);
      const { model, bytes } = keyOf(KeyId, 'GENERATE_VERIFY_MAC');
      const expected = mac(bytes, Message);
      if (Mac.length !== expected.length || !timingSafeEqual(Mac, expected)) {
        throw new AwsError(400, 'KMSInvalidMacException', 'The MAC is not valid');
      }
      return { KeyId: model.arn, MacValid: true, MacAlgorithm };
    },
  };
}

function signatures(keyOf: KeyOf): Operations {
  return {
    Sign: (input) => {
      const { KeyId, Message, MessageType, SigningAlgorithm } = parse(signRequest, input);
      const { model, bytes } = keyOf(KeyId, 'SIGN_VERIFY');
      if (SigningAlgorithm !== 'ECDSA_SHA_256') {
        throw new AwsError(
          400,
          'InvalidKeyUsageException',
          `Algorithm ${SigningAlgorithm} is not allowed for ${model.arn}`,
        );
      }
      if (MessageType === 'DIGEST' && Message.length !== SHA256_BYTES) {
        throw new AwsError(
          400,
          'ValidationException',
          'Digest is invalid length for algorithm ECDSA_SHA_256.',
        );
      }
      const digest = MessageType === 'DIGEST' ? Message : createHash('sha256').update(Message).digest();
      return {
        KeyId: model.arn,
        Signature: signDigest(bytes, digest).toString('base64'),
        SigningAlgorithm,
      };
    },
    GetPublicKey: (input) => {
      const { model, bytes } = keyOf(parse(keyRequest, input).KeyId, 'SIGN_VERIFY');
      const key = createPublicKey(createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }));
      return {
        KeyId: model.arn,
        PublicKey: key.export({ format: 'der', type: 'spki' }).toString('base64'),
        KeySpec: model.spec,
        CustomerMasterKeySpec: model.spec,
        KeyUsage: model.usage,
        SigningAlgorithms: ['ECDSA_SHA_256'],
      };
    },
  };
}

/** Finds a key by its id, ARN or alias. */
export const findKey = (models: readonly KeyModel[], name: string): KeyModel | undefined =>
  models.find(({ id, arn, aliases }) => [id, arn, ...aliases].includes(name));

function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError(400, 'ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
}
