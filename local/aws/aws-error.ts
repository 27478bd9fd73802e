/** A refusal as AWS words it: the emulated services turn it into XML or JSON of their protocol. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further elements of the answer, such as `Condition` of a PreconditionFailed. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = code;
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
