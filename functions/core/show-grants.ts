import { type GrantScript, scriptText } from '../engine/catalogue/grant-script.ts';
import type { ServerInfo } from '../engine/contents.ts';
import { SafeBaseError } from '../errors.ts';
import type { DatabaseId } from './ids.ts';
import { type TestPorts, testDatabase } from './test-database.ts';

interface ShownScript extends GrantScript {
  /** All of it, to paste. */
  readonly script: string;
}

/**
 * Asks the server of a database what accounts with the least rights need there; nothing is changed.
 * @throws `not_found`, `unavailable`; what keeps the server from being asked
 */
export async function showGrants(
  ports: TestPorts,
  id: DatabaseId,
): Promise<{ readonly server?: ServerInfo; readonly backup: ShownScript; readonly restore: ShownScript }> {
  const { grants, server, failure } = await testDatabase(ports, id);
  if (grants === undefined) {
    const { code, reason, hint } = failure ?? { code: 'unavailable', reason: 'the prober told nothing' };
    throw new SafeBaseError(code, reason, hint === undefined ? {} : { hint });
  }
  const shown = (script: GrantScript): ShownScript => ({ ...script, script: scriptText(script) });
  return { ...(server && { server }), backup: shown(grants.backup), restore: shown(grants.restore) };
}
