/** The five ways in which an outgoing call fails, and which call of a run is to fail so. */

export const FAULT_KINDS = ['error', 'timeout', 'answer lost', 'cut stream', 'throttled'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Shot {
  /** Of the calls of one run, from 1. */
  readonly call: number;
  readonly kind: FaultKind;
  /** Whether the caller's own repetitions of that call fail as well. */
  readonly repeated: boolean;
}

/** Stands between a run and what it calls, counts, and lets one call fail. */
export interface FaultyWay {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Counts anew from now on. @param shot absent lets every call pass */
  aim(shot?: Shot): void;
  /** The names of the calls since then, in their order. */
  calls(): readonly string[];
  /** The name of the call that was struck. */
  struck(): string | undefined;
  close(): void;
}

/** Counts calls, and tells which one is to fail. */
export function aimAtCalls() {
  let shot: Shot | undefined;
  let struck: string | undefined;
  let names: string[] = [];
  return {
    aim: (next?: Shot): void => {
      shot = next;
      struck = undefined;
      names = [];
    },
    calls: () => names,
    struck: () => struck,
    /** @returns the number of the call */
    count: (name: string): number => names.push(name),
    /** @returns what happens to this attempt of a call */
    fateOf: (call: number, attempt: number): FaultKind | undefined => {
      if (shot?.call !== call || (attempt > 1 && !shot.repeated)) return undefined;
      struck ??= names[call - 1];
      return shot.kind;
    },
  };
}
