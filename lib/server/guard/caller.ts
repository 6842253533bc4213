import type { Context } from "../../deps/hono.ts";

/** Who asks. */
export interface Caller {
  /** The network that it asks from. */
  readonly client: string;
  /** What stands for its token, without telling it; undefined where the server has none. */
  readonly owner: string | undefined;
}

/** Keeps who asks, for the routes. */
export function setCaller(c: Context, caller: Caller): void {
  c.set("caller", caller);
}

/** Who asks; nobody in particular where no guard stands before the routes. */
export function callerOf(c: Context): Caller {
  return c.get("caller") as Caller | undefined ?? { client: "unknown", owner: undefined };
}
