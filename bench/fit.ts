import { join } from "node:path";
import { interleave, median, type Options, type Row, spread } from "./measure.ts";
import { answerOf, makeFolder, ourScript, PROJECT, twinScript } from "./process.ts";
import { syntheticExamples } from "./synthetic.ts";

interface Answer {
  readonly seconds: number;
  readonly megabytes: number;
  readonly accuracy: number;
}

interface Case {
  readonly name: string;
  readonly model: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The same in scikit-learn. */
  readonly estimator: string;
  readonly columns: number;
  readonly classes: number;
  /** How many times as long as scikit-learn on one thread it may take. */
  readonly asked: string;
  /** The widths of a network's layers and the rows of its batches, for the products. */
  readonly network?: { readonly widths: readonly number[]; readonly batch: number };
}

const EPOCHS = 5;

/** Softmax regression, where there are no hidden layers, or a multilayer perceptron. */
function network(hidden: readonly number[], batch: number): Case {
  const isDeep = hidden.length > 0;
  const [columns, classes] = [50, 3];
  return {
    name: `${isDeep ? `MLP (${hidden.join(", ")})` : "softmax"}, batch ${batch}`,
    model: isDeep ? "mlp" : "logistic_regression",
    params: { epochs: EPOCHS, batch_size: batch, learning_rate: 0.001, ...(isDeep && { hidden }) },
    estimator: `make_pipeline(StandardScaler(), MLPClassifier(${JSON.stringify(hidden)}, alpha=0, ` +
      `batch_size=${batch}, max_iter=${EPOCHS}, n_iter_no_change=${EPOCHS}, random_state=0))`,
    columns,
    classes,
    asked: isDeep ? "≤ 2.5 ×" : "≤ 1.5 ×",
    network: { widths: [columns, ...hidden, classes], batch },
  };
}

const CASES: readonly Case[] = [
  ...[[], [64, 64]].flatMap((hidden) => [32, 256, 2048].map((batch) => network(hidden, batch))),
  {
    name: "gradient boosting, 100 trees",
    model: "gradient_boosting",
    params: {},
    estimator: "HistGradientBoostingClassifier(early_stopping=False, random_state=0)",
    columns: 20,
    classes: 2,
    asked: "",
  },
  {
    name: "random forest, 100 trees",
    model: "random_forest",
    params: {},
    estimator: "RandomForestClassifier(n_jobs=THREADS, random_state=0)",
    columns: 20,
    classes: 2,
    asked: "",
  },
];

/** Fits each model to synthetic rows, and scores it on a fifth as many others. */
export async function* fit({ rows = 100_000, rounds, parent }: Options): AsyncGenerator<Row> {
  for (const { name, model, params, estimator, columns, classes, asked, network } of CASES) {
    const folder = await writeExamples(parent, { rows: Math.ceil(1.2 * rows), columns, classes });
    const ours = ourScript("fit", folder, `${columns}`, `${rows}`, model, JSON.stringify(params));
    const twin = await twinScript("fit", folder, `${columns}`, `${rows}`, estimator);
    const found = await interleave(rounds, {
      ours: () => answerOf<Answer>(ours, PROJECT),
      one: () => answerOf<Answer>(twin, PROJECT, { threads: 1 }),
      two: () => answerOf<Answer>(twin, PROJECT, { threads: 2 }),
    }, { cold: false });
    await Deno.remove(folder, { recursive: true });
    const all = (side: keyof typeof found[0], key: keyof Answer) => found.map((turn) => turn[side][key]);
    const both = (key: keyof Answer, digits: number) =>
      `${median(all("ours", key)).toFixed(digits)}, ${median(all("one", key)).toFixed(digits)}`;
    yield {
      [`fit to ${rows.toLocaleString("en")} rows`]: name,
      ours: spread(all("ours", "seconds"), "s"),
      "twin, 1 thread": spread(all("one", "seconds"), "s"),
      "twin, 2 threads": spread(all("two", "seconds"), "s"),
      "ours ÷ twin of 1": spread(found.map(({ ours, one }) => ours.seconds / one.seconds), "×"),
      "ours ÷ twin of 2": spread(found.map(({ ours, two }) => ours.seconds / two.seconds), "×"),
      asked,
      products: network ? `${(await productsOf(network, rows)).toPrecision(3)} s` : "",
      "accuracy, ours and twin": both("accuracy", 3),
      "peak, ours and twin": `${both("megabytes", 0)} MB`,
      rounds: `${rounds}`,
    };
  }
}

async function writeExamples(
  parent: string,
  options: Parameters<typeof syntheticExamples>[0],
): Promise<string> {
  const folder = await makeFolder(parent, "fit");
  const { x, y } = syntheticExamples(options);
  await Deno.writeFile(join(folder, "x.f64"), new Uint8Array(x.data.buffer));
  await Deno.writeFile(join(folder, "y.u32"), new Uint8Array(y.buffer));
  return folder;
}

/** The seconds that NumPy needs for the matrix products of a fit alone, on one thread. */
async function productsOf({ widths, batch }: NonNullable<Case["network"]>, rows: number): Promise<number> {
  const sizes = [rows, batch, EPOCHS].map(String);
  const line = await twinScript("products", JSON.stringify(widths), ...sizes);
  return (await answerOf<{ readonly seconds: number }>(line, PROJECT)).seconds;
}
