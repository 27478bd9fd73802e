/**
 * KMS, as far as tokens need it: HMACs under keys that never leave.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from '../../data-folder.ts';
import type { KeyModel } from '../../template/stores.ts';
import { AwsError } from '../aws-error.ts';
import type { Operations } from '../json-protocol.ts';

/** KMS's limit for a message; more is to be hashed by the caller. */
const MAX_MESSAGE_BYTES = 4096;

const request = z.object({
  KeyId: z.string(),
  Message: z.base64().transform((text) => Buffer.from(text, 'base64')),
  MacAlgorithm: z.literal('HMAC_SHA_256'),
});
const verification = request.extend({ Mac: z.base64().transform((text) => Buffer.from(text, 'base64')) });

const keysFile = z.record(z.string(), z.base64());

/** @param file where the keys lie, of mode 0600; they are made at the first start */
export function openKms(file: string, models: readonly KeyModel[]): Operations {
  const material = readKeys(file, models);
  const keyOf = (name: string): { arn: string; bytes: Buffer } => {
    const model = findKey(models, name);
    if (model === undefined) throw new AwsError(400, 'NotFoundException', `Key '${name}' does not exist`);
    const bytes = material.get(model.id);
    if (bytes === undefined) {
      throw new AwsError(400, 'InvalidKeyUsageException', `${model.arn} key usage is ${model.usage}`);
    }
    return { arn: model.arn, bytes };
  };
  const mac = (key: Buffer, message: Buffer): Buffer => createHmac('sha256', key).update(message).digest();

  return {
    GenerateMac: (input) => {
      const { KeyId, Message, MacAlgorithm } = parse(request, input);
      const key = keyOf(KeyId);
      return { KeyId: key.arn, Mac: mac(key.bytes, Message).toString('base64'), MacAlgorithm };
    },
    VerifyMac: (input) => {
      const { KeyId, Message, MacAlgorithm, Mac } = parse(verification, input);
      const key = keyOf(KeyId);
      const expected = mac(key.bytes, Message);
      if (Mac.length !== expected.length || !timingSafeEqual(Mac, expected)) {
        throw new AwsError(400, 'KMSInvalidMacException', 'The MAC is not valid');
      }
      return { KeyId: key.arn, MacValid: true, MacAlgorithm };
    },
  };
}

/** Finds a key by its id, ARN or alias. */
export const findKey = (models: readonly KeyModel[], name: string): KeyModel | undefined =>
  models.find(({ id, arn, aliases }) => [id, arn, ...aliases].includes(name));

/** Only HMAC keys hold bytes here: what other keys do for S3 and DynamoDB on AWS has no counterpart. */
function readKeys(file: string, models: readonly KeyModel[]): Map<string, Buffer> {
  const kept = existsSync(file) ? keysFile.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const wanted = models.filter(({ spec }) => spec === 'HMAC_256').map(({ id }) => id);
  const missing = wanted.filter((id) => kept[id] === undefined);
  const all = {
    ...kept,
    ...Object.fromEntries(missing.map((id) => [id, randomBytes(32).toString('base64')])),
  };
  if (missing.length > 0) writePrivateFile(file, JSON.stringify(all, undefined, 2));
  return new Map(wanted.map((id) => [id, Buffer.from(all[id] ?? '', 'base64')]));
}

function parse<T extends typeof request>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError(400, 'ValidationException', z.prettifyError(parsed.error));
  const { length } = parsed.data.Message;
  if (length === 0 || length > MAX_MESSAGE_BYTES) {
    throw new AwsError(
      400,
      'ValidationException',
      `the message has ${length} bytes; 1 to ${MAX_MESSAGE_BYTES} are allowed`,
    );
  }
  return parsed.data;
}
