import { openServer } from "../../serve.ts";

// Rate limits would be what is measured, were they not out of the way.
const unlimited = { perSecond: 1e9, burst: 1e9 };

const server = await openServer({
  port: Number(Deno.args[0]),
  guard: { limits: { reads: unlimited, writes: unlimited } },
  onFault: (error) => console.error("A fault:", error),
});
Deno.addSignalListener("SIGTERM", async () => {
  await server.shutdown(1000);
  Deno.exit(0);
});
