import type { Log } from '../core/ports.ts';

/** How deep the causes of an error are told. */
const MAX_CAUSES = 5;

/** One JSON object a line; JSON escapes CR and LF, so that no name can forge a second line. */
export function stdoutLog(write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const line =
    (level: string): Log['info'] =>
    (message, fields = {}) =>
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, plainErrors)}\n`,
      );
  return { info: line('info'), error: line('error') };
}

const plainErrors = (_name: string, value: unknown): unknown => {
  if (value instanceof Error) return describe(value, MAX_CAUSES);
  return typeof value === 'bigint' ? String(value) : value;
};

/** Known fields only: what else hangs on a foreign error may be the request with all that it carried. */
function describe(error: Error, causes: number): object {
  const { name, message, stack } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause =
    error.cause instanceof Error && causes > 0 ? { cause: describe(error.cause, causes - 1) } : {};
  return { name, message, ...code, stack, ...cause };
}
