import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { SafeBaseError } from '../errors.ts';
import type { Database } from './database.ts';
import { type AddressRules, checkAddresses, isHostName } from './host-rules.ts';

/** The fields of a database that its owner chooses, credentials apart. */
export type DatabaseFields = Pick<Database, 'name' | 'host' | 'port' | 'schemas' | 'network' | 'tls'>;

export type Networks = Readonly<Record<string, AddressRules>>;

/**
 * What can be said of a database without asking anybody. Addresses are checked here already; names when they are
 * dialled, by the addresses that they then have.
 * @throws `invalid_request`, `host_refused`
 */
export function checkFields({ host, network, tls }: DatabaseFields, networks: Networks): void {
  const rules = Object.hasOwn(networks, network) ? networks[network] : undefined;
  if (rules === undefined) {
    throw new SafeBaseError('invalid_request', `network: the stack has no profile ${network}`, {
      hint: `Use one of: ${Object.keys(networks).join(', ')}.`,
    });
  }
  if (!isHostName(host)) {
    throw new SafeBaseError(
      'invalid_request',
      'host: is neither a host name nor an address in its usual form',
    );
  }
  if (isIP(host) !== 0) checkAddresses(host, [host], rules);
  if (tls.ca !== undefined) checkCertificate(tls.ca);
}

function checkCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new SafeBaseError('invalid_request', 'tls.ca: is not a certificate in PEM', { cause: error });
  }
}
