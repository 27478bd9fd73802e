/**
 * The one error of packaging and local set-up: `message` says what is missing or did not work,
 * `hint` how to give it by hand. The service has an error of its own (functions/errors.ts).
 */
export class SetUpError extends Error {
  readonly hint: string;

  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SetUpError';
    this.hint = options.hint;
  }
}
