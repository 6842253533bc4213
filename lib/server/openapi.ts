import { VERSION } from "../base/environment.ts";
import { type ErrorCode, httpStatusOf } from "../base/error.ts";
import { z } from "../deps/zod.ts";
import type { Answer, AnyOperation } from "./operation.ts";
import { answers, bodies } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** What any route may answer, beside its own. */
const COMMON: readonly ErrorCode[] = [
  "INVALID_PARAMETER_VALUE",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "REQUEST_LIMIT_EXCEEDED",
  "INTERNAL_ERROR",
  "TEMPORARILY_UNAVAILABLE",
];

/** The OpenAPI 3.1 document of operations, made from the schemas that they check and answer by. */
export function openApiOf(operations: readonly AnyOperation[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
    (paths[path] ??= {})[operation.method] = toDocument(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Reprise",
      version: VERSION,
      description: "ML experiments that can be run again. Errors have one shape, with MLflow's codes.",
    },
    paths,
    components: {
      schemas: componentsOf({ ...bodies, ...answers }),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Only where the server has tokens" },
      },
    },
    security: [{}, { token: [] }],
  };
}

function toDocument(
  { method, path, summary, description, query, body, headers, answers, errors }: AnyOperation,
): Json {
  const fields: Json = query === undefined ? {} : jsonSchemaOf(query).properties as Json;
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...Object.entries(fields).map(([name, schema]) => ({ name, in: "query", schema })),
    ...Object.entries(headers ?? {}).map(([name, description]) => ({
      name,
      in: "header",
      description,
      schema: { type: "string" },
    })),
  ];
  return {
    operationId: [method, ...path.match(/\w+/g)!.filter((part) => part !== "api")].join("_"),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: reference(body) } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers as Readonly<Record<string, Answer>>).map(([status, answer]) => [
          status,
          { description: answer.description, ...contentOf(answer) },
        ]),
      ),
      ...errorsOf([...COMMON, ...errors ?? []]),
    },
  };
}

function contentOf({ document, types }: Answer): Json {
  if (document === undefined && types === undefined) return {};
  return {
    content: Object.fromEntries(
      (types ?? ["application/json"]).map((type) => [
        type,
        document !== undefined && (type === "application/json" || types?.length === 1)
          ? { schema: reference(document) }
          : {},
      ]),
    ),
  };
}

function errorsOf(codes: readonly ErrorCode[]): Json {
  const statuses = Map.groupBy(codes, httpStatusOf);
  return Object.fromEntries(
    [...statuses].map(([status, codes]) => [
      status,
      { description: codes.join(", "), content: { "application/json": { schema: reference("Error") } } },
    ]),
  );
}

function componentsOf(schemas: Readonly<Record<string, z.ZodType>>): Json {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]));
}

function jsonSchemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input" });
  return json;
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
