import { createHash } from "node:crypto";
import { type Context, Hono } from "../deps/hono.ts";
import { ENTRIES, listSources, sourceText } from "./source_list.ts";

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

/**
 * Serves the framework's own sources, so that `deno run http://host/cli.ts` works against any server. The registries
 * and configs are the framework's own too, never those of the project that the server works in, nor what a checkout has
 * beside them: only what is in a list can be asked for, whatever lies there.
 */
export function sources(): Hono {
  const app = new Hono();
  let listed: Promise<ReadonlySet<string>> | undefined;
  const isOwn = async (path: string) => {
    // A host that was out of reach is asked again.
    listed ??= listSources().catch((error) => (listed = undefined, Promise.reject(error)));
    return (await listed).has(path);
  };
  for (const path of [...ENTRIES, "lib/*", "registries/*", "configs/*"]) {
    app.get(`/${path}`, async (c) => {
      const extension = c.req.path.split(".").at(-1);
      const type = extension && Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
      const own = c.req.path.slice(1);
      const text = type && await isOwn(own) ? await sourceText(own) : undefined;
      return text === undefined ? await c.notFound() : answer(c, text, type!);
    });
  }
  return app;
}

function answer(c: Context, text: string, type: string): Response {
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  const headers = { etag, "cache-control": "no-cache" };
  const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.includes(etag) || known?.includes("*")) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": `${type}; charset=utf-8` });
}
