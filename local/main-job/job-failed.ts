/** The main job could not be done; `hint` is the remedy, empty where none is known. */
export class JobFailed extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'JobFailed';
    this.hint = hint;
  }
}
