import { environmentVariable } from "../environment.ts";
import { Untold } from "./read.ts";
import { findRepository } from "./repository.ts";

/** Who runs this: the user's name in the environment, or in the settings of the repository around; else `unknown`. */
export function userName(): string {
  const named = ["USER", "LOGNAME", "USERNAME"].map(environmentVariable).find((name) => name !== undefined);
  if (named !== undefined) return named;
  try {
    return findRepository(Deno.cwd())?.config.get("user.name")?.trim() || "unknown";
  } catch (error) {
    if (error instanceof Untold) return "unknown";
    throw error;
  }
}
