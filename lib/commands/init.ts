import { z } from "../deps/zod.ts";
import type { NewProject } from "./init/project.ts";

/** What to call a new project. */
export const initInput = z.strictObject({
  name: z.string().regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    "expected small letters, digits, _ and -, a letter first",
  ),
});

/** Writes a project of one's own. */
export async function initCommand({ name }: z.output<typeof initInput>): Promise<NewProject> {
  const { initProject } = await import("./init/project.ts");
  return await initProject(name);
}
