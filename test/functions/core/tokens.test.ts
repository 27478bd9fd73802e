import { createHmac } from 'node:crypto';
import { tokenAuthenticator } from '../../../functions/core/authenticate.ts';
import { newTokenId } from '../../../functions/core/ids.ts';
import { createToken } from '../../../functions/core/tokens.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { stoppedClock } from '../../fixtures/clock.ts';
import { memoryAudit, memoryTokens } from '../../ports/memory-records.ts';

function tokenPorts() {
  const clock = stoppedClock();
  const hashed: string[] = [];
  const hasher = {
    hash: async (secret: string) => {
      hashed.push(secret);
      return createHmac('sha256', 'key').update(secret).digest('hex');
    },
  };
  return { clock, now: clock.now, tokens: memoryTokens(), audit: memoryAudit(), hasher, hashed };
}
const asked = { actor: 'iam', requestId: 'r1' };
const admin = { name: 'ada', role: 'admin' } as const;

describe('createToken', () => {
  it('stores no more of a token than its keyed hash, and audits it', async () => {
    const ports = tokenPorts();
    const { token, id } = await createToken(ports, admin, asked);
    expect(token).toMatch(/^sbt_[0-9A-Z]{26}_[\w-]{43}$/);
    const secret = token.split('_').slice(2).join('_');
    expect(JSON.stringify([[...ports.tokens.stored], ports.audit.entries])).not.toContain(secret);
    expect(ports.audit.entries).toEqual([
      { at: ports.clock.iso(), action: 'create token of role admin', on: id, result: 'done', ...asked },
    ]);
  });

  it('gives nobody a token that could not be audited', async () => {
    const audit = {
      record: async () => {
        throw new SafeBaseError('upload_failed', 'no');
      },
    };
    await expect(createToken({ ...tokenPorts(), audit }, admin, asked)).rejects.toMatchObject({
      code: 'upload_failed',
    });
  });
});

describe('tokenAuthenticator', () => {
  async function withToken(expiresInDays?: number) {
    const ports = tokenPorts();
    const made = await createToken(ports, { name: 'x', role: 'operator', expiresInDays }, asked);
    return { ports, ...made, authenticate: tokenAuthenticator(ports) };
  }
  const unauthenticated = { code: 'unauthenticated' };

  it('tells who holds a token', async () => {
    const { authenticate, token, id } = await withToken();
    expect(await authenticate(`Bearer ${token}`)).toEqual({ tokenId: id, role: 'operator' });
    expect(await authenticate(`bearer  ${token}`)).toEqual({ tokenId: id, role: 'operator' });
  });

  it('refuses everything else', async () => {
    const { authenticate, token, id } = await withToken();
    const other = `sbt_${newTokenId().slice(4)}${token.slice(30)}`;
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    for (const header of [
      undefined,
      '',
      token,
      `Basic ${token}`,
      'Bearer ',
      `Bearer ${id}`,
      `Bearer ${other}`,
      `Bearer ${flipped}`,
      `Bearer ${token} ${token}`,
      `Bearer ${'x'.repeat(100_000)}`,
    ]) {
      await expect(authenticate(header)).rejects.toMatchObject(unauthenticated);
    }
  });

  it('sees a revocation after a minute at most, and an expiry at once', async () => {
    const { ports, authenticate, token, id } = await withToken(1);
    await authenticate(`Bearer ${token}`);
    const stored = await ports.tokens.get(id);
    if (stored) ports.tokens.stored.set(id, { ...stored, revokedAt: ports.clock.iso() });
    ports.clock.pass(59_000);
    await authenticate(`Bearer ${token}`);
    ports.clock.pass(1_000);
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject(unauthenticated);

    const expiring = await withToken(1);
    expiring.ports.clock.pass(24 * 3_600_000 - 1);
    await expiring.authenticate(`Bearer ${expiring.token}`);
    expiring.ports.clock.pass(1);
    await expect(expiring.authenticate(`Bearer ${expiring.token}`)).rejects.toMatchObject(unauthenticated);
  });

  it('asks KMS once a minute for one token, good or bad', async () => {
    const { ports, authenticate, token } = await withToken();
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    const before = ports.hashed.length;
    for (let round = 0; round < 5; round += 1) {
      await authenticate(`Bearer ${token}`);
      await expect(authenticate(`Bearer ${flipped}`)).rejects.toMatchObject(unauthenticated);
    }
    expect(ports.hashed.length - before).toBe(2);
    for (let index = 0; index < 1_000; index += 1)
      await authenticate(`Bearer made-up-${index}`).catch(() => undefined);
    await authenticate(`Bearer ${token}`);
    expect(ports.hashed.length - before).toBe(3);
  });

  it.each(['tokens', 'hasher'] as const)(
    'refuses when %s are away, and remembers no such failure',
    async (port) => {
      const { ports, token } = await withToken();
      let away = true;
      const unless = async <T>(is: string, call: () => Promise<T>): Promise<T> => {
        if (away && port === is) throw new SafeBaseError('unavailable', 'away');
        return call();
      };
      const authenticate = tokenAuthenticator({
        ...ports,
        tokens: { ...ports.tokens, get: (id) => unless('tokens', () => ports.tokens.get(id)) },
        hasher: { hash: (secret) => unless('hasher', () => ports.hasher.hash(secret)) },
      });
      await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: 'unavailable' });
      away = false;
      await authenticate(`Bearer ${token}`);
    },
  );
});
