/** A laptop whose cloud is a process of its own, to be killed as a power cut would. */
import { childrenOf } from '../functions/engine/test-database.ts';
import { adminToken, instancesOf, processesOf, startCloudProcess } from '../local/start-cloud-process.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { assemblyIn } from './assembly.ts';
import { type ApiCalls, callApi } from './laptop.ts';
import { SHORT_LEASE } from './scene.ts';

export interface KillableLaptop {
  /** The way to the one that runs now. */
  calls(): ApiCalls;
  /** The processes that serve a function now, busy or not. */
  processesOf(functionId: string): readonly number[];
  /** Kills the cloud, and waits until nothing that it had started is left. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** For the end of a test. */
  discard(): void;
}

export async function startKillableLaptop(): Promise<KillableLaptop> {
  const assemblyFolder = temporaryFolder();
  const dataFolder = temporaryFolder();
  await assemblyIn(assemblyFolder, { settings: SHORT_LEASE });
  let cloud = await startCloudProcess(assemblyFolder, dataFolder);
  const token = await adminToken(cloud, assemblyFolder);
  return {
    calls: () => callApi(cloud.apiUrl, token),
    processesOf: (functionId) => processesOf(cloud, functionId),
    kill: async () => {
      const workers = instancesOf(cloud);
      const programs = workers.flatMap((pid) => childrenOf(pid, '/bin/m'));
      cloud.process.kill('SIGKILL');
      await waitUntil(() => ![...workers, ...programs].some(isAlive), 'nothing of it is left');
    },
    start: async () => {
      cloud = await startCloudProcess(assemblyFolder, dataFolder);
    },
    discard: () => cloud.process.kill('SIGKILL'),
  };
}
