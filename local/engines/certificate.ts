/**
 * TLS files for a server on this machine: a certificate authority of its own and a certificate for
 * `localhost` and 127.0.0.1. Node can sign but not write certificates, so the few fields are written here.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1 the fields of a certificate
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** All in PEM. */
export interface ServerCertificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const YEARS_VALID = 10;

const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
};

/** Makes both certificates; the authority's key is thrown away, so it can sign nothing else. */
export function makeServerCertificate(): ServerCertificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const server = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const issuer = `SafeBase local authority ${randomBytes(4).toString('hex')}`;
  const signed = (subject: string, publicKey: KeyObject, extensions: Buffer[]) =>
    toPem(certificateOf({ subject, issuer, publicKey, extensions }, authority.privateKey));
  return {
    ca: signed(issuer, authority.publicKey, [isAuthority()]),
    certificate: signed('localhost', server.publicKey, [alternativeNames()]),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

interface Subject {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificateOf({ subject, issuer, publicKey, extensions }: Subject, signer: KeyObject): Buffer {
  const algorithm = der(0x30, der(0x06, OID.ecdsaWithSha256));
  const start = new Date();
  const end = new Date(start);
  end.setUTCFullYear(end.getUTCFullYear() + YEARS_VALID);
  // A leading 01 keeps the serial number positive and in its shortest form.
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
  const body = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    der(0x02, serial),
    algorithm,
    name(issuer),
    der(0x30, time(start), time(end)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = sign('sha256', body, signer);
  return der(0x30, body, algorithm, der(0x03, [0], signature));
}

function isAuthority(): Buffer {
  const value = der(0x30, der(0x01, [0xff]));
  return der(0x30, der(0x06, OID.basicConstraints), der(0x01, [0xff]), der(0x04, value));
}

function alternativeNames(): Buffer {
  const names = der(0x30, der(0x82, Buffer.from('localhost')), der(0x87, [127, 0, 0, 1]));
  return der(0x30, der(0x06, OID.subjectAltName), der(0x04, names));
}

const name = (common: string): Buffer =>
  der(0x30, der(0x31, der(0x30, der(0x06, OID.commonName), der(0x0c, Buffer.from(common)))));

/** UTCTime, which is right until 2049: YYMMDDhhmmssZ. */
const time = (date: Date): Buffer =>
  der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));

/** One DER element: tag, length, content. */
function der(tag: number, ...content: readonly (Uint8Array | readonly number[])[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)));
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([Buffer.of(tag, 0x82), length, body]);
}

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
