/** Lets a module be imported as well as started. */
import { SetUpError } from './set-up-error.ts';

/** Runs `main` with the arguments when the module was started by Node, and explains what was missing. */
export async function runAsProgram(
  module: ImportMeta,
  main: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  if (!module.main) return;
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(`${error.message}\n${error.hint}`);
    process.exitCode = 1;
  }
}
