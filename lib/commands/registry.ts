import { z } from "../deps/zod.ts";
import { loadRegistry } from "../experiment/experiment.ts";
import type { RegistryListing } from "./listing.ts";
import type { RegistryEntry } from "./registry_entry.ts";
import { nameText } from "./text.ts";

/** What the registry of this project has. */
export async function registryCommand(): Promise<RegistryListing> {
  const { listRegistry } = await import("./listing.ts");
  return listRegistry((await loadRegistry()).registry);
}

/** Which entry of the registry to show. */
export const registryShowInput = z.strictObject({
  name: nameText(1000),
  kind: z.enum(["dataset", "view", "model", "config"]).optional(),
});

/** What has a name in the registry of this project or in `configs/`. */
export async function registryShowCommand(
  { name, kind }: z.output<typeof registryShowInput>,
): Promise<RegistryEntry> {
  const { showEntry } = await import("./registry_entry.ts");
  return await showEntry(name, kind);
}
