import { BUILT_IN } from "../experiment/project.ts";

/** The folder of the framework, wherever it runs from. */
const ROOT = new URL("../../", import.meta.url);

/** The files of the framework that stand in its own folder. */
export const ENTRIES: readonly string[] = ["cli.ts", "mod.ts", "serve.ts", "deno.json", "deno.lock"];

/** The modules and data of the registry that comes with the framework; a checkout may have others, which are its user's. */
const REGISTRY = `
datasets/mod.ts datasets/diabetes_v1.ts datasets/iris_v1.ts datasets/penguins_v1.ts
datasets/diabetes_v1.csv datasets/iris_v1.csv datasets/penguins_v1.csv
features/mod.ts features/_helpers.ts features/diabetes_v1_features_v1.ts features/iris_v1_features_v1.ts
features/penguins_v1_features_v1.ts
models/mod.ts models/_adam.ts models/_boosting.ts models/_descent.ts models/_early_stopping.ts models/_elementary.ts
models/_forest.ts models/_grower.ts models/_histograms.ts models/_least_squares.ts models/_lines.ts models/_losses.ts
models/_neighbours.ts models/_network.ts models/_params.ts models/_scaling.ts models/_softmax.ts models/_splits.ts
models/_trees.ts models/gradient_boosting.ts models/gradient_boosting_regression.ts models/k_nearest_neighbours.ts
models/knn_regression.ts models/linear_regression.ts models/logistic_regression.ts models/majority_class.ts
models/mean_value.ts models/mlp.ts models/random_forest.ts models/random_forest_regression.ts
`.trim().split(/\s+/).map((name) => `registries/${name}`);

/** Whatever looks like an import or a URL of a file beside, of types too, since they are asked for by `deno check`. */
const REFERENCE = /\b(?:from|import|URL)\b\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/** A file among the framework's own modules, without anything that means another file: no hidden one, and no `%`. */
const MODULE = /^lib(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/;

/** The paths of the framework's own files: what stands in a list here, and what its modules import of one another. */
export async function listSources(): Promise<ReadonlySet<string>> {
  const listed = new Set([...ENTRIES, ...BUILT_IN, ...REGISTRY]);
  const follow = async (path: string): Promise<void> => {
    const text = /\.[jt]sx?$/.test(path) ? await sourceText(path) : undefined;
    if (text === undefined) return;
    const found = [...text.matchAll(REFERENCE)]
      .map(([, specifier]) => new URL(specifier!, new URL(path, ROOT)).href)
      .filter((url) => url.startsWith(ROOT.href))
      .map((url) => url.slice(ROOT.href.length))
      .filter((path) => !listed.has(path) && MODULE.test(path));
    for (const path of found) listed.add(path);
    await Promise.all(new Set(found).values().map(follow));
  };
  await Promise.all([...listed].map(follow));
  return listed;
}

/** The text of a file of the framework by its path; undefined where it has none. */
export async function sourceText(path: string): Promise<string | undefined> {
  const url = new URL(path, ROOT);
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
