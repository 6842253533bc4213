import type { Drift } from "../compare.ts";
import { z } from "../deps/zod.ts";
import { ExperimentError } from "../error.ts";
import { locate } from "../project.ts";
import { openSource, type SourceReader } from "../source/source.ts";
import type { TrackingStore } from "../tracking/store.ts";
import { jsonIn, readArtifact } from "./reading.ts";

/** Finds the canonical text of a declaration that a clause reached, named as in a drift: `file#name`. */
export type DeclarationTexts = (clause: string, declaration: string) => string | undefined;

/** The clauses of code, and the folder of the registry that each is in. */
const FOLDERS = [[/^data\.([^.]+)\.source$/, "datasets"], [/^features\.([^.]+)\.([^.]+)$/, "features"], [
  /^model\.([^.]+)$/,
  "models",
]] as const;
/** Of how many drifts today's source is read. */
const READ = 20;

const canonicalSchema = z.object({
  clauses: z.record(
    z.string(),
    z.object({
      declarations: z.array(z.object({ module: z.string(), name: z.string(), text: z.string() })),
    }),
  ),
});

type Clauses = z.output<typeof canonicalSchema>["clauses"];

/** The declarations that a run recorded; none where they can't be read. */
export async function recordedDeclarations(store: TrackingStore, runId: string): Promise<DeclarationTexts> {
  const text = await readArtifact(store, runId, "source/canonical.json");
  return finderIn(canonicalSchema.safeParse(jsonIn(text ?? "")).data?.clauses ?? {});
}

/** Today's declarations, of the clauses whose source still is what a replay found. Nothing of it is run. */
export async function todaysDeclarations(drifts: readonly Drift[]): Promise<DeclarationTexts> {
  const registry = await locate("registries/mod.ts");
  const reader = openSource({ text: "current" });
  const some = drifts.filter(({ kind, declarations }) => kind === "changed" && declarations).slice(0, READ);
  const found: [string, Clauses[string]][] = [];
  for (const { clause, current } of registry === undefined ? [] : some) {
    const source = await sourceOf(reader, registry!, clause);
    if (source?.digest === current) found.push([clause, { declarations: [...source!.declarations] }]);
  }
  return finderIn(Object.fromEntries(found));
}

async function sourceOf(reader: SourceReader, module: string, clause: string) {
  for (const [pattern, folder] of FOLDERS) {
    const names = pattern.exec(clause)?.slice(1);
    if (names === undefined) continue;
    try {
      return await reader.digest({ module, export: "registry", path: [folder, ...names] });
    } catch (error) {
      // Source that is gone or broken isn't shown; and a server may read less than the jobs that it starts.
      if (!(error instanceof ExperimentError || error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
  return undefined;
}

function finderIn(clauses: Clauses): DeclarationTexts {
  return (clause, declaration) => {
    const [file, ...name] = declaration.split("#");
    return clauses[clause]?.declarations.find((one) =>
      one.name === name.join("#") && one.module.endsWith(`/${file}`)
    )?.text;
  };
}
