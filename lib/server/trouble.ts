import { type ErrorCode, ExperimentError, httpStatusOf } from "../base/error.ts";
import type { Context } from "../deps/hono.ts";
import type { JobError } from "./job.ts";

/** After how many seconds a caller who was told to wait may ask again. */
const RETRY_SECONDS = "5";

/** The answer that tells of a trouble, in the one shape of errors. */
export function troubleAnswer(c: Context, { code, message, hint }: JobError): Response {
  const status = httpStatusOf(code);
  if (status === 429 || status === 503) c.header("Retry-After", RETRY_SECONDS);
  return c.json({ error_code: code, message, ...(hint === undefined ? {} : { hint }) }, status);
}

/** The answer to an error: the words of ours, and no word of what is a fault. */
export function errorAnswer(c: Context, error: unknown): Response {
  if (error instanceof ExperimentError) {
    const { code, message, hint } = error;
    return troubleAnswer(c, { code, message, ...(hint === undefined ? {} : { hint }) });
  }
  return troubleAnswer(c, {
    code: "INTERNAL_ERROR" satisfies ErrorCode,
    message: "The server made a mistake.",
    hint: "Its log tells more.",
  });
}
