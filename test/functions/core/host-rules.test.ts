import { checkAddresses, isHostName } from '../../../functions/core/host-rules.ts';
import { SafeBaseError } from '../../../functions/errors.ts';

const PUBLIC_ONLY = { private: false, loopback: false };
const EVERYTHING = { private: true, loopback: true };

const codeOf = (addresses: readonly string[], rules: typeof PUBLIC_ONLY): string => {
  try {
    checkAddresses('db.example.com', addresses, rules);
    return 'allowed';
  } catch (error) {
    return error instanceof SafeBaseError ? error.code : String(error);
  }
};

describe('the addresses of a host', () => {
  it.each([
    '52.95.110.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.32.0.1',
    '2600:1f18::1',
    '::ffff:52.95.110.1',
    '64:ff9b::345f:6e01',
    '2002:345f:6e01::1',
  ])('are allowed everywhere where they are public: %s', (address) => {
    expect(codeOf([address], PUBLIC_ONLY)).toBe('allowed');
  });

  it.each([
    ['10.0.0.1', { private: true, loopback: false }],
    ['172.16.0.1', { private: true, loopback: false }],
    ['192.168.255.255', { private: true, loopback: false }],
    ['100.64.0.1', { private: true, loopback: false }],
    ['fd12:3456::1', { private: true, loopback: false }],
    ['::ffff:10.0.0.1', { private: true, loopback: false }],
    ['64:ff9b::a00:1', { private: true, loopback: false }],
    ['2002:0a00:0001::', { private: true, loopback: false }],
    ['127.0.0.1', { private: false, loopback: true }],
    ['127.255.255.254', { private: false, loopback: true }],
    ['::1', { private: false, loopback: true }],
    ['::ffff:127.0.0.1', { private: false, loopback: true }],
    ['::ffff:7f00:1', { private: false, loopback: true }],
  ])('are allowed by the rule for their range alone: %s', (address, rule) => {
    expect(codeOf([address], rule)).toBe('allowed');
    expect(codeOf([address], { private: !rule.private, loopback: !rule.loopback })).toBe('host_refused');
    expect(codeOf([address], PUBLIC_ONLY)).toBe('host_refused');
  });

  it.each([
    ['link-local', '169.254.0.1'],
    ['the metadata service', '169.254.169.254'],
    ['the credentials of containers', '169.254.170.2'],
    ['the metadata service in IPv6', 'fd00:ec2::254'],
    ['the metadata service as a mapped address', '::ffff:169.254.169.254'],
    ['the metadata service through NAT64', '64:ff9b::a9fe:a9fe'],
    ['the metadata service through another NAT64', '64:ff9b:1::a9fe:a9fe'],
    ['the metadata service through 6to4', '2002:a9fe:a9fe::1'],
    ['the metadata service in the oldest form', '::169.254.169.254'],
    ['the metadata service as translated', '::ffff:0:169.254.169.254'],
    ['Teredo', '2001:0:a9fe:a9fe::1'],
    ['the metadata service of another cloud', '100.100.100.200'],
    ['this network', '0.0.0.0'],
    ['this network, another host', '0.1.2.3'],
    ['unspecified', '::'],
    ['broadcast', '255.255.255.255'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['for protocols', '192.0.0.192'],
    ['for documents', '192.0.2.1'],
    ['for benchmarks', '198.18.0.1'],
    ['link-local in IPv6', 'fe80::1'],
    ['link-local to its end', 'febf::1'],
    ['site-local', 'fec0::1'],
    ['multicast in IPv6', 'ff02::1'],
    ['discard', '100::1'],
    ['not assigned', '4000::1'],
    ['no address at all', 'db.example.com'],
    ['empty', ''],
  ])('are refused under every rule: %s', (_, address) => {
    expect(codeOf([address], EVERYTHING)).toBe('host_refused');
  });

  it('are refused where one of several is', () => {
    expect(codeOf(['52.95.110.1', '52.95.110.2'], PUBLIC_ONLY)).toBe('allowed');
    expect(codeOf(['52.95.110.1', '169.254.169.254'], EVERYTHING)).toBe('host_refused');
    expect(codeOf(['52.95.110.1', '10.0.0.1'], PUBLIC_ONLY)).toBe('host_refused');
  });

  it('are refused where there are none', () => {
    expect(codeOf([], EVERYTHING)).toBe('host_refused');
  });
});

describe('a host name', () => {
  it.each([
    'localhost',
    'db',
    'db-1.internal',
    'my_db.example.com',
    'shop.c9akciq32.eu-central-1.rds.amazonaws.com',
    'xn--bcher-kva.example',
    '10.0.0.1',
    '255.255.255.255',
    '::1',
    '2600:1f18::abcd',
    '::ffff:10.0.0.1',
    '1.example.com',
    `${'a'.repeat(63)}.example`,
  ])('may be %s', (host) => {
    expect(isHostName(host)).toBe(true);
  });

  it.each([
    '',
    ' ',
    '.',
    'db.',
    '.db',
    'a..b',
    'db example',
    'db\n',
    'db\0',
    "db'",
    'db"',
    'db`',
    'db\\',
    'db/x',
    'db:3306',
    'user@db',
    'http://db',
    'db?x',
    'db#x',
    'db%eth0',
    'fe80::1%eth0',
    '[::1]',
    '-db',
    'db-',
    'dä.example',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '010.0.0.1',
    '1.2.3.4.5',
    '256.1.1.1',
    'db.0x10',
    'db.123',
    '::g',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}a`,
  ])('may not be %j', (host) => {
    expect(isHostName(host)).toBe(false);
  });
});
