import { type ErrorCode, ExperimentError } from "../../base/error.ts";
import type { Answer } from "./http.ts";

/** What a server said when it did not do what was asked. */
export interface Refusal {
  /** MLflow's word for it; undefined where the answer is not MLflow's own. */
  readonly error_code: string | undefined;
  readonly message: string;
  readonly error: ExperimentError;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  INVALID_PARAMETER_VALUE: "INVALID_PARAMETER_VALUE",
  BAD_REQUEST: "INVALID_PARAMETER_VALUE",
  MALFORMED_REQUEST: "INVALID_PARAMETER_VALUE",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  PERMISSION_DENIED: "PERMISSION_DENIED",
  RESOURCE_DOES_NOT_EXIST: "RESOURCE_DOES_NOT_EXIST",
  NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  ENDPOINT_NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  RESOURCE_ALREADY_EXISTS: "INVALID_STATE",
  RESOURCE_CONFLICT: "INVALID_STATE",
  INVALID_STATE: "INVALID_STATE",
  TEMPORARILY_UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
  REQUEST_LIMIT_EXCEEDED: "TEMPORARILY_UNAVAILABLE",
};

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 403) return "PERMISSION_DENIED";
  if (status === 404) return "RESOURCE_DOES_NOT_EXIST";
  if ([408, 429, 502, 503, 504].includes(status)) return "TEMPORARILY_UNAVAILABLE";
  // A server's own fault is none of this program's.
  return status < 500 ? "INVALID_PARAMETER_VALUE" : "INVALID_STATE";
}

/** What an answer other than 200 means, in one error; a server's message is cut before the SQL that some hold. */
export function refusalOf(uri: string, asked: string, answer: Answer): Refusal {
  const body = new TextDecoder().decode(answer.bytes).trim();
  const said = answer.type.includes("json") ? saidIn(body) : undefined;
  const plain = answer.type.includes("text/plain") ? body : "";
  const message = (said?.message ?? plain).split(/[\r\n]|\[SQL/)[0]!.trim().slice(0, 500);
  const code = (said?.error_code && CODES[said.error_code]) || codeOfStatus(answer.status);
  const found = message === "" ? `HTTP ${answer.status}` : message;
  return {
    error_code: said?.error_code,
    message,
    error: new ExperimentError(
      code,
      `The MLflow server at ${uri} refused ${asked}: ${found}${/[.!?]$/.test(found) ? "" : "."}`,
      { hint: hintFor(answer, message, said !== undefined) },
    ),
  };
}

function saidIn(body: string): { readonly error_code?: string; readonly message?: string } | undefined {
  try {
    const { error_code, message, detail } = JSON.parse(body);
    const words = [message, detail].find((word) => typeof word === "string");
    return { ...(typeof error_code === "string" ? { error_code } : {}), message: words ?? "" };
  } catch {
    return undefined;
  }
}

function hintFor({ status, location }: Answer, message: string, fromMlflow: boolean): string | undefined {
  if (location !== null && status >= 300 && status < 400) {
    return `It sends to another address: set MLFLOW_TRACKING_URI to the one that it sends to, ${
      location.replace(/\/\/[^/]*@/, "//")
    }`;
  }
  if (message.includes("Invalid Host header")) {
    return "Start the server with --allowed-hosts and the host name of its address.";
  }
  if (status === 401) {
    return "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.";
  }
  if (status === 413) {
    return "Something between here and the server limits the size of requests: raise that limit.";
  }
  if (status === 404 && !fromMlflow) {
    return "Check that MLFLOW_TRACKING_URI is the address of an MLflow server.";
  }
  return undefined;
}
