/** What may be asked about databases. */
import * as z from 'zod';
import { NO_CONTROL, PLAIN, plainText, schemaName } from './words.ts';

const credentials = z
  .strictObject({
    /** At most 80 characters on MariaDB, 32 on MySQL. */
    username: z.string().min(1).max(80).regex(NO_CONTROL, 'must hold no control characters').exactOptional(),
    password: z.string().min(1).max(256).regex(NO_CONTROL, 'must hold no control characters').exactOptional(),
    secretArn: z
      .string()
      .max(2048)
      .regex(
        /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/,
        'must be the ARN of a secret',
      )
      .exactOptional(),
  })
  .refine(
    (given) => (given.password === undefined) !== (given.secretArn === undefined),
    'must hold either username and password or a secretArn',
  )
  .refine((given) => given.password === undefined || given.username !== undefined, {
    message: 'is needed beside a password',
    path: ['username'],
  });
const databaseFields = {
  name: plainText(100),
  host: z.string().min(1).max(253).regex(PLAIN, 'must be a host name or an address'),
  port: z.int().min(1).max(65_535).default(3306),
  schemas: z
    .union([
      z.literal('all'),
      z
        .array(schemaName)
        .min(1)
        .max(100)
        .refine((names) => new Set(names).size === names.length, 'must not name a schema twice'),
    ])
    .default('all'),
  network: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be the name of a network profile')
    .default('public'),
  tls: z
    .strictObject({
      mode: z.enum(['verify', 'off']).default('verify'),
      ca: z.string().max(32_768).includes('-----BEGIN CERTIFICATE-----').exactOptional(),
    })
    .default({ mode: 'verify' }),
};
export const newDatabase = z.strictObject({
  ...databaseFields,
  backupCredentials: credentials,
  restoreCredentials: credentials.exactOptional(),
});
/** The whole record anew; credentials that are left out stay, and `null` removes those for restores. */
export const changedDatabase = z.strictObject({
  ...databaseFields,
  backupCredentials: credentials.exactOptional(),
  restoreCredentials: credentials.nullable().exactOptional(),
});
export const removalQuery = z.strictObject({ backups: z.enum(['keep', 'delete']).exactOptional() });
