import { readdir, readFile, readlink } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';

const ESTABLISHED = '01';
const SYN_SENT = '02';

/** Where a process is connected to, or tries to. */
interface Peer {
  readonly address: string;
  readonly established: boolean;
}

/**
 * Looks at the TCP connections of a process to one port.
 * @returns `unknown` while there is none that has been accepted, `allowed`, or `refused` as soon as one goes to an
 * address that is not among `addresses`: the process resolved the name by itself and got another answer
 */
export async function judgePeers(
  pid: number,
  port: number,
  addresses: readonly string[],
): Promise<'unknown' | 'allowed' | 'refused'> {
  const allowed = new BlockList();
  for (const address of addresses) allowed.addAddress(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  const peers = await peersOf(pid, port);
  const strange = peers.find(({ address }) => !allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
  if (strange) return 'refused';
  return peers.some((peer) => peer.established) ? 'allowed' : 'unknown';
}

async function peersOf(pid: number, port: number): Promise<Peer[]> {
  const sockets = await socketsOf(pid);
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readOrEmpty(`/proc/${pid}/net/${table}`)));
  const lines = tables.flatMap((table) => table.split('\n').slice(1));
  return lines.flatMap((line) => {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    const [, , remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [hexAddress = '', hexPort = ''] = remote.split(':');
    if (!sockets.has(inode) || Number.parseInt(hexPort, 16) !== port) return [];
    if (state !== ESTABLISHED && state !== SYN_SENT) return [];
    return [{ address: addressOf(hexAddress), established: state === ESTABLISHED }];
  });
}

async function socketsOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

const readOrEmpty = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');

/** The kernel prints each 32-bit word of an address in the order of the processor, which is little-endian here. */
export function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex').swap32();
  if (bytes.length === 4) return [...bytes].join('.');
  const isMapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'));
  if (isMapped) return [...bytes.subarray(12)].join('.');
  return (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
}
