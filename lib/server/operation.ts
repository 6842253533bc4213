import { type ErrorCode, ExperimentError } from "../base/error.ts";
import { type Context, Hono } from "../deps/hono.ts";
import { z } from "../deps/zod.ts";
import { checkValue } from "../document/document.ts";
import { type answers, bodies } from "./schemas.ts";

/** What an operation answers with a status. */
export interface Answer {
  readonly description: string;
  /** The document, by its name in `answers`. */
  readonly document?: keyof typeof answers;
  /** What it may be instead of JSON. */
  readonly types?: readonly string[];
}

/** One route: what it takes and answers, from which its part of the OpenAPI document follows, and what it does. */
export interface Operation<Query extends z.ZodObject, Body extends keyof typeof bodies> {
  readonly method: "get" | "post" | "delete";
  /** In Hono's form: `/api/runs/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Query;
  /** Its body, by its name in `bodies`. */
  readonly body?: Body;
  /** The headers that it reads, each with what it is for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** The errors of its own, beside those of every route. */
  readonly errors?: readonly ErrorCode[];
  handle(
    c: Context,
    input: { readonly query: z.output<Query>; readonly body: z.output<typeof bodies[Body]> },
  ): Response | Promise<Response>;
}

/** A route of whatever query and body. */
// deno-lint-ignore no-explicit-any
export type AnyOperation = Operation<any, any>;

/** Defines a route; a typed identity. */
export function operation<
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends keyof typeof bodies = never,
>(value: Operation<Query, Body>): AnyOperation {
  return value;
}

/** An app with the routes of operations, which check what they are sent. */
export function routesOf(operations: readonly AnyOperation[]): Hono {
  const app = new Hono();
  for (const { method, path, query = z.strictObject({}), body, handle } of operations) {
    app.on(method.toUpperCase(), path, async (c) =>
      await handle(c, {
        query: checkValue(c.req.query(), { file: "query:", schema: query }).value,
        body: body === undefined
          ? undefined
          : checkValue(await jsonOf(c), { file: "body:", schema: bodies[body as keyof typeof bodies] }).value,
      }));
  }
  return app;
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    return JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `The body is no JSON: ${error.message}.`);
  }
}
