import { reachServer } from '../../../functions/core/reach-server.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';

const CANCELLED = new SafeBaseError('cancelled', 'bk_1 was cancelled');

it('a run that is over waits neither for its secret nor for a name', async () => {
  const ports = corePorts();
  const { id: databaseId, network } = await registered(ports);
  const run = new AbortController();
  const asked = Promise.withResolvers<void>();
  const read = (): Promise<never> => {
    asked.resolve();
    return new Promise(() => {});
  };
  const connector = { connect: read, openStatements: read, openRows: read, openLoad: read, withPooled: read };
  const reaching = reachServer(
    { ...ports, connector, secrets: { ...ports.secrets, read }, resolver: { resolve: read } },
    { [network]: { private: false, loopback: false } },
    { run: { databaseId }, signal: run.signal },
    'backup',
  );
  await asked.promise;
  run.abort(CANCELLED);
  await expect(reaching).rejects.toBe(CANCELLED);
});
