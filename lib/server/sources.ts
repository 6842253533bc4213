import { createHash } from "node:crypto";
import { type Context, Hono } from "../deps/hono.ts";

/** The folder of the framework, wherever it runs from. */
const ROOT = new URL("../../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  tsx: "application/typescript",
  js: "text/javascript",
  json: "application/json",
  lock: "application/json",
  yaml: "application/yaml",
  csv: "text/csv",
  css: "text/css",
  svg: "image/svg+xml",
};

const FILES = ["/cli.ts", "/mod.ts", "/serve.ts", "/deno.json", "/deno.lock"];
const FOLDERS = ["/lib/*", "/registries/*", "/configs/*"];

/** A path without anything that means another file than it says: no `..`, no hidden file, no `%`. */
const PATH = /^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+\.([a-z]+)$/;

/**
 * Serves the framework's own sources, so that `deno run http://host/cli.ts` works against any server. The registries
 * and configs are the framework's own too, never those of the project that the server works in.
 */
export function sources(): Hono {
  const app = new Hono();
  for (const path of [...FILES, ...FOLDERS]) {
    app.get(path, async (c) => await answer(c) ?? await c.notFound());
  }
  return app;
}

async function answer(c: Context): Promise<Response | undefined> {
  const [, , extension] = PATH.exec(c.req.path) ?? [];
  const type = extension && Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
  const text = type && await textOf(new URL(`.${c.req.path}`, ROOT));
  if (text === undefined) return undefined;
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  const headers = { etag, "cache-control": "no-cache" };
  const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.includes(etag) || known?.includes("*")) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": `${type}; charset=utf-8` });
}

/** The text of a file of the framework; undefined where it has none of that name. */
async function textOf(url: URL): Promise<string | undefined> {
  try {
    if (url.protocol === "file:") return await Deno.readTextFile(url);
    return (await import(url.href, { with: { type: "text" } })).default;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
