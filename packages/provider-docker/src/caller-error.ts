/** Carries an error of whoever called us through our own error handling, to be handed back to them as it came. */
export class CallerError extends Error {
  constructor(cause: unknown) {
    super("the caller's own", { cause });
    this.name = "CallerError";
  }
}
