/**
 * What went wrong, in the codes MLflow uses where it has one, so that a server's answer passes through.
 *
 * | code | exit | HTTP |
 * | --- | --- | --- |
 * | `INVALID_PARAMETER_VALUE` | 2 | 400 |
 * | `UNAUTHENTICATED` | 2 | 401 |
 * | `PERMISSION_DENIED` | 2 | 403 |
 * | `RESOURCE_DOES_NOT_EXIST` | 2 | 404 |
 * | `INVALID_STATE` | 2 | 409 |
 * | `TEMPORARILY_UNAVAILABLE` | 3 | 503 |
 * | `INTERNAL_ERROR` | 70 | 500 |
 */
export type ErrorCode =
  | "INVALID_PARAMETER_VALUE"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "RESOURCE_DOES_NOT_EXIST"
  | "INVALID_STATE"
  | "TEMPORARILY_UNAVAILABLE"
  | "INTERNAL_ERROR";

/**
 * The one error class of Reprise. The message says what could not be done, what was found and what is asked;
 * the hint is the next command or edit. Only the entry points turn it into printed words.
 */
export class ExperimentError extends Error {
  /** The name of the class. */
  override readonly name = "ExperimentError";
  /** The class of trouble, from which the exit code and the HTTP status follow. */
  readonly code: ErrorCode;
  /** The next command to run or edit to make, where one is known. */
  readonly hint: string | undefined;

  /** Makes an error of a `code` with a `message`, an optional `hint`, and the `cause` it came from. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
