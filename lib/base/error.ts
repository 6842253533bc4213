/**
 * What went wrong, in the codes MLflow uses where it has one, so that a server's answer passes through.
 *
 * | code | exit | HTTP |
 * | --- | --- | --- |
 * | `INVALID_PARAMETER_VALUE` | 2 | 400 |
 * | `UNAUTHENTICATED` | 2 | 401 |
 * | `PERMISSION_DENIED` | 2 | 403 |
 * | `RESOURCE_DOES_NOT_EXIST` | 2 | 404 |
 * | `ENDPOINT_NOT_FOUND` | 2 | 404 |
 * | `INVALID_STATE` | 2 | 409 |
 * | `REQUEST_LIMIT_EXCEEDED` | 3 | 429 |
 * | `TEMPORARILY_UNAVAILABLE` | 3 | 503 |
 * | `INTERNAL_ERROR` | 70 | 500 |
 */
export type ErrorCode =
  | "INVALID_PARAMETER_VALUE"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "RESOURCE_DOES_NOT_EXIST"
  | "ENDPOINT_NOT_FOUND"
  | "INVALID_STATE"
  | "REQUEST_LIMIT_EXCEEDED"
  | "TEMPORARILY_UNAVAILABLE"
  | "INTERNAL_ERROR";

/** The exit code and the HTTP status of each kind of trouble. */
const TROUBLES = {
  INVALID_PARAMETER_VALUE: { exit: 2, status: 400 },
  UNAUTHENTICATED: { exit: 2, status: 401 },
  PERMISSION_DENIED: { exit: 2, status: 403 },
  RESOURCE_DOES_NOT_EXIST: { exit: 2, status: 404 },
  ENDPOINT_NOT_FOUND: { exit: 2, status: 404 },
  INVALID_STATE: { exit: 2, status: 409 },
  REQUEST_LIMIT_EXCEEDED: { exit: 3, status: 429 },
  TEMPORARILY_UNAVAILABLE: { exit: 3, status: 503 },
  INTERNAL_ERROR: { exit: 70, status: 500 },
} as const satisfies Readonly<Record<ErrorCode, { readonly exit: number; readonly status: number }>>;

/** The codes, in the order of the table. */
export const ERROR_CODES = Object.keys(TROUBLES) as readonly ErrorCode[];

/** The exit code of a program that ends with an error; one that isn't ours is a fault. */
export function exitCodeOf(error: unknown): number {
  return TROUBLES[error instanceof ExperimentError ? error.code : "INTERNAL_ERROR"].exit;
}

/** The HTTP status of an answer that tells of an error. */
export function httpStatusOf(code: ErrorCode): 400 | 401 | 403 | 404 | 409 | 429 | 500 | 503 {
  return TROUBLES[code].status;
}

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

/** What an error says, or whatever else was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What an error says is wrong with code, data or a record, which a report tells; any other error is thrown on, and so
 * is that of a store out of reach.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof ExperimentError && error.code !== "TEMPORARILY_UNAVAILABLE") return error.message;
  throw error;
}
