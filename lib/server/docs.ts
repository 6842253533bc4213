import { Hono } from "../deps/hono.ts";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Reprise API</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<body>
<div id="docs"></div>
<noscript><a href="/openapi.json">openapi.json</a></noscript>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</html>
`;
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", validatorUrl: null });\n`;

/** The documentation of the API at `/docs`, without any other host; its parts are loaded when they are asked for. */
export function docs(): Hono {
  const app = new Hono();
  const script = { "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "max-age=3600" };
  app.get("/docs", (c) => c.html(PAGE));
  app.get("/docs/start.js", (c) => c.body(START, 200, script));
  app.get("/docs/swagger-ui.js", async (c) => {
    const swagger = await import("../deps/swagger_ui.ts");
    return c.body(swagger.script, 200, script);
  });
  app.get("/docs/swagger-ui.css", async (c) => {
    const swagger = await import("../deps/swagger_ui.ts");
    return c.body(swagger.style, 200, { ...script, "Content-Type": "text/css; charset=utf-8" });
  });
  return app;
}
