import ipaddr from 'ipaddr.js';
import { SafeBaseError } from '../errors.ts';

/** What a network profile may reach besides public addresses. */
export interface AddressRules {
  readonly private: boolean;
  readonly loopback: boolean;
}

/** What an address is to the rules; `refused` is never dialled, whatever they say. */
type AddressKind = 'public' | 'private' | 'loopback' | 'refused';

/**
 * Refuses a host unless every address that its name resolved to may be dialled: a name with one good and one bad
 * address is how a rebinding attack looks.
 * @param addresses what the resolver gave, without zone
 * @throws `host_refused`
 */
export function checkAddresses(host: string, addresses: readonly string[], rules: AddressRules): void {
  if (addresses.length === 0) throw refusal(host, 'has no address');
  for (const address of addresses) {
    const kind = kindOf(address);
    if (kind === 'refused') throw refusal(host, `resolves to ${address}, which is never allowed`);
    if (kind !== 'public' && !rules[kind]) {
      throw refusal(
        host,
        `resolves to ${address}, a ${kind} address, which its network profile does not allow`,
      );
    }
  }
}

/**
 * Whether a text is a host name or an address as people write them. Refused are all forms that some resolver reads as
 * another address than it seems: `0x7f.1`, `2130706433`, `127.1`, `010.0.0.1`, zones, brackets, a dot at the end.
 */
export function isHostName(text: string): boolean {
  if (text.length > 253) return false;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return true;
  if (text.includes(':')) return ipaddr.IPv6.isValid(text) && !text.includes('%');
  const labels = text.split('.');
  return labels.every((label) => LABEL.test(label)) && !NUMBER.test(labels.at(-1) ?? '');
}

/** Letters, digits, hyphens and underscores, not beginning or ending with a hyphen. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/** A last label that is a number makes resolvers take the whole for an IPv4 address. @see https://url.spec.whatwg.org/#ends-in-a-number-checker */
const NUMBER = /^(\d+|0x[0-9a-f]*)$/i;

const refusal = (host: string, why: string): SafeBaseError =>
  new SafeBaseError('host_refused', `the host ${host} ${why}`);

function kindOf(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return 'refused';
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv4 ? kindOfV4(address) : kindOfV6(address);
}

/** Addresses of cloud metadata services outside the link-local ranges. */
const METADATA_V4 = '100.100.100.200';
/** Amazon's services on the link, as the metadata service at fd00:ec2::254. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */
const AMAZON_LINK: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('fd00:ec2::'), 32];

function kindOfV4(address: ipaddr.IPv4): AddressKind {
  if (address.toString() === METADATA_V4) return 'refused';
  switch (address.range()) {
    case 'unicast':
      return 'public';
    case 'private':
    case 'carrierGradeNat':
      return 'private';
    case 'loopback':
      return 'loopback';
    default:
      return 'refused';
  }
}

function kindOfV6(address: ipaddr.IPv6): AddressKind {
  if (address.match(AMAZON_LINK)) return 'refused';
  const bytes = address.toByteArray();
  switch (address.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return embedded(bytes, 12);
    case 'rfc6052':
      // Of NAT64 only the well-known prefix has its IPv4 address at a fixed place.
      return address.match(NAT64) ? embedded(bytes, 12) : 'refused';
    case '6to4':
      return embedded(bytes, 2);
    case 'uniqueLocal':
      return 'private';
    case 'loopback':
      return 'loopback';
    case 'unicast':
      // Only 2000::/3 is assigned for global unicast; the rest includes IPv4-compatible ::a.b.c.d.
      return address.match(GLOBAL) ? 'public' : 'refused';
    default:
      // Teredo among them: its IPv4 address is that of somebody's NAT, and no database lives behind it.
      return 'refused';
  }
}

const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];
const GLOBAL: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

const embedded = (bytes: number[], at: number): AddressKind =>
  kindOfV4(new ipaddr.IPv4(bytes.slice(at, at + 4)));
