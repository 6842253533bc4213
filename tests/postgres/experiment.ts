import { ROOT } from "../project.ts";

/** Makes the table that `scriptOver` is over. */
export const SHAPES = `create table shapes as
  select id, id / 7.0 as width, case when id % 3 = 0 then 'a' else 'b' end as kind from generate_series(1, 50) id`;

/** An experiment in one script, over the database at a URL. */
export const scriptOver = (url: string): string => `
import { defineDataset, defineExperiment, defineFeatures, main, sql } from "${new URL("mod.ts", ROOT)}";
import { z } from "${new URL("lib/deps/zod.ts", ROOT)}";
import { majority_class } from "${new URL("registries/models/mod.ts", ROOT)}";

export const shapes = defineDataset({
  row: z.object({ width: z.number(), kind: z.enum(["a", "b"]) }),
  target: "kind",
  source: sql("select width, kind from shapes order by id", { database: "${url}" }, import.meta),
});
export const shapes_features = defineFeatures(shapes, { width: (row) => row.width });
export const experiment = defineExperiment({
  datasets: { shapes },
  features: { shapes_features },
  models: { majority_class },
}, {
  experiment: "shapes",
  run: "shapes",
  data: { name: "shapes" },
  features: { view: "shapes_features" },
  model: { name: "majority_class" },
  split: { kind: "holdout", test: 0.2 },
  metrics: ["accuracy"],
  seed: 1,
});
if (import.meta.main) await main(experiment);
`;
