/** The errors that a server gives without asking its routes: MLflow's codes, where it has one. */
export type RefusalCode =
  | "INVALID_PARAMETER_VALUE"
  | "MALFORMED_REQUEST"
  | "PERMISSION_DENIED"
  | "REQUEST_LIMIT_EXCEEDED"
  | "UNAUTHENTICATED";

/** Why a request is refused, in the one shape of errors. */
export interface Refusal {
  readonly error_code: RefusalCode;
  readonly message: string;
  readonly hint?: string;
}

/** The answer to a request that is refused. */
export function refuse(
  status: number,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(refusal, { status, headers });
}
