import type { LoadViewsInput } from './format-sql.ts';
import { runHeldStatements } from './run-held-statements.ts';

/**
 * Puts the views in the place of their stand-ins; by now all schemas that they may look at are there.
 * @throws `load_failed`, or the code of the server's answer
 */
export const loadViews = (input: LoadViewsInput): Promise<void> =>
  runHeldStatements({ ...input, statements: input.views });
