/** All instances of one function: reuse of warm ones, more for concurrency, a cap, and an end for idle ones. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws/aws-error.ts';
import { type Instance, type InstanceSetUp, type InvocationResult, startInstance } from './instance.ts';

export interface FunctionPool {
  /** @throws AwsError `TooManyRequestsException` where as many run as the template reserves */
  invoke(payload: string): Promise<InvocationResult>;
  instances(): readonly { readonly pid: number; readonly busy: boolean }[];
  stop(): Promise<void>;
}

/** Processes of one function at once, where the template reserves no number: a laptop is not a region. */
const MAX_INSTANCES = 10;
/** Invocations over that wait for their turn, as AWS would run them all; more than these are throttled. */
const MAX_WAITING = 1000;
/** Warm processes kept for the next request. */
const MAX_IDLE_INSTANCES = 2;
const IDLE_LIFE_MS = 5 * 60 * 1000;

export function createFunctionPool(setUp: InstanceSetUp): FunctionPool {
  const reserved = setUp.model.reservedConcurrency;
  const limit = reserved ?? MAX_INSTANCES;
  const maxWaiting = reserved === undefined ? MAX_WAITING : 0;
  /** Wakes those that wait, the longest waiting first. */
  const waiting: (() => void)[] = [];
  const busy = new Set<Instance>();
  const idle = createIdle();
  let stopped = false;

  const start = (): Instance => {
    const instance = startInstance(setUp);
    void instance.ended.then(() => {
      busy.delete(instance);
      idle.forget(instance);
    });
    return instance;
  };
  const take = async (): Promise<Instance> => {
    for (;;) {
      if (stopped) throw new Error(`${setUp.model.id} has been stopped`);
      const warm = idle.take();
      if (warm !== undefined || busy.size < limit) {
        const instance = warm ?? start();
        busy.add(instance);
        return instance;
      }
      if (waiting.length >= maxWaiting) throw new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.');
      await new Promise<void>((wake) => waiting.push(wake));
    }
  };
  const giveBack = (instance: Instance): void => {
    busy.delete(instance);
    if (instance.usable()) idle.keep(instance);
  };

  return {
    invoke: async (payload) => {
      const instance = await take();
      try {
        return await instance.invoke(randomUUID(), payload);
      } finally {
        giveBack(instance);
        waiting.shift()?.();
      }
    },
    instances: () => [
      ...[...busy].map(({ pid }) => ({ pid, busy: true })),
      ...idle.all().map(({ pid }) => ({ pid, busy: false })),
    ],
    stop: async () => {
      stopped = true;
      for (const wake of waiting.splice(0)) wake();
      const all = [...busy, ...idle.all()];
      for (const instance of all) instance.kill();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

/** Warm instances that nobody uses: a few, and not for long. */
function createIdle() {
  /** The longest idle first, with the timers that end them. */
  const timers = new Map<Instance, NodeJS.Timeout>();
  const forget = (instance: Instance): void => {
    clearTimeout(timers.get(instance));
    timers.delete(instance);
  };
  return {
    keep: (instance: Instance): void => {
      const oldest = timers.keys().next().value;
      if (timers.size >= MAX_IDLE_INSTANCES) oldest?.kill();
      timers.set(instance, setTimeout(() => instance.kill(), IDLE_LIFE_MS).unref());
    },
    take: (): Instance | undefined => {
      const latest = [...timers.keys()].findLast((instance) => instance.usable());
      if (latest !== undefined) forget(latest);
      return latest;
    },
    forget,
    all: (): readonly Instance[] => [...timers.keys()],
  };
}
