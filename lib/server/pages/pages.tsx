/** @jsxImportSource npm:hono@4.13.19/jsx */
import { type ErrorCode, ExperimentError, httpStatusOf } from "../../base/error.ts";
import { Hono } from "../../deps/hono.ts";
import { compress } from "../../deps/hono_compress.ts";
import type { ServerContext } from "../context.ts";
import { runId } from "../schemas.ts";
import { comparePage } from "./compare_page.tsx";
import { experimentsPage } from "./experiments_page.tsx";
import { jobPage, jobsPage } from "./jobs_page.tsx";
import { assets, layout, type Page } from "./layout.tsx";
import { Trouble } from "./parts.tsx";
import { runPage } from "./run_page.tsx";
import { runsPage } from "./runs_page.tsx";
import { sourcePage } from "./source_page.tsx";

/** What each error is called on a page. */
const HEADINGS: Readonly<Record<ErrorCode, string>> = {
  INVALID_PARAMETER_VALUE: "That can’t be shown",
  UNAUTHENTICATED: "Please sign in",
  PERMISSION_DENIED: "Not allowed",
  RESOURCE_DOES_NOT_EXIST: "Not found",
  ENDPOINT_NOT_FOUND: "Not found",
  INVALID_STATE: "Not possible now",
  REQUEST_LIMIT_EXCEEDED: "Too much at once",
  TEMPORARILY_UNAVAILABLE: "Out of reach for now",
  INTERNAL_ERROR: "Something went wrong",
};

/**
 * The pages of a server, with the files that they load below `/assets/`. An error is a page too; one that isn't an
 * `ExperimentError` is left to whoever mounts the pages.
 */
export function createPages(context: ServerContext): Hono {
  const pages = new Hono();
  const render = (page: Page) => layout(page, context.trackingUri);

  pages.use(compress());
  pages.use(async (c, next) => {
    await next();
    const { path } = c.req;
    if (
      c.res.status !== 404 || path.startsWith("/api/") || c.res.headers.get("content-type")?.includes("html")
    ) return;
    if (c.req.header("accept")?.includes("text/html") !== true) return;
    const error = new ExperimentError("ENDPOINT_NOT_FOUND", `There is no page ${path}.`, {
      hint: "The bar above leads to all there is.",
    });
    c.res = await c.html(render(errorPage(error)), 404);
  });
  pages.onError((error, c) => {
    if (!(error instanceof ExperimentError)) throw error;
    return c.html(render(errorPage(error)), httpStatusOf(error.code));
  });

  pages.get("/assets/:name", (c) => {
    const asset = Object.hasOwn(assets, c.req.param("name")) ? assets[c.req.param("name")] : undefined;
    if (asset === undefined) return c.notFound();
    return c.body(asset.text, 200, {
      "content-type": asset.type,
      "cache-control": c.req.query("v") === undefined ? "no-cache" : "public, max-age=31536000, immutable",
    });
  });
  pages.get(
    "/",
    async (c) =>
      c.html(
        render(
          await experimentsPage(context, { config: c.req.query("config"), set: c.req.queries("set") ?? [] }),
        ),
      ),
  );
  pages.get("/runs", async (c) => {
    const asked = (name: string) => c.req.query(name)?.trim() ?? "";
    const query = {
      experiment: asked("experiment"),
      name: asked("name"),
      status: asked("status"),
      page: asked("page"),
    };
    return c.html(render(await runsPage(context, query)));
  });
  pages.get(
    "/runs/:id{[0-9a-f]{32}}",
    async (c) => c.html(render(await runPage(context, c.req.param("id")))),
  );
  pages.get(
    "/runs/:id{[0-9a-f]{32}}/source/:path{.+}",
    async (c) => c.html(render(await sourcePage(context, c.req.param("id"), c.req.param("path")))),
  );
  pages.get("/jobs", (c) => c.html(render(jobsPage(context))));
  pages.get("/jobs/:id", (c) => c.html(render(jobPage(context, c.req.param("id")))));
  pages.get("/compare", async (c) => {
    // The boxes of a list of runs are all called `run`, and the newest comes first.
    const [second, first] = c.req.queries("run") ?? [];
    if (first !== undefined && second !== undefined && c.req.queries("run")?.length === 2) {
      return c.redirect(`/compare?${new URLSearchParams({ a: first, b: second })}`);
    }
    const { a, b } = c.req.query();
    if (!runId.safeParse(a).success || !runId.safeParse(b).success) {
      throw new ExperimentError("INVALID_PARAMETER_VALUE", "Two runs are compared, no more and no fewer.", {
        hint: "Choose two in the list of runs.",
      });
    }
    return c.html(render(await comparePage(context, a!, b!)));
  });
  return pages;
}

function errorPage(error: ExperimentError): Page {
  const heading = HEADINGS[error.code];
  return {
    title: heading,
    section: "",
    main: (
      <>
        <h1>{heading}</h1>
        <Trouble message={error.message} hint={error.hint} />
        <p class="quiet-text">{httpStatusOf(error.code)} {error.code}</p>
      </>
    ),
  };
}
