import { join } from "node:path";
import { data, growth } from "./data.ts";
import { fit } from "./fit.ts";
import { type Group, interleave, type Options, type Row, spread } from "./measure.ts";
import {
  answerOf,
  type CommandLine,
  makeFolder,
  ourScript,
  ourTask,
  PROJECT,
  run,
  twinScript,
} from "./process.ts";
import { scores } from "./scores.ts";

/** Groups of measures by name. */
export const measures = { train, replay, points, lookup, data, growth, fit, scores } satisfies Record<
  string,
  Group
>;

async function* train({ rounds, parent }: Options): AsyncGenerator<Row> {
  const folder = await makeFolder(parent, "train");
  const ours = (store: string) => ourTask("train", "exp_v1", "--tracking-uri", uriOf(join(store, "ours.db")));
  const twin = await twinScript("train");
  yield rowOf("train, cold, existing store", "s", {
    asked: "≥ 10 ×",
    samples: await interleave(rounds, {
      ours: async () => await secondsOf(await ours(folder), PROJECT),
      twin: () => secondsOf(twin, folder),
    }),
  });
  yield rowOf("train, cold, new store", "s", {
    asked: "≥ 10 ×",
    samples: await interleave(rounds, {
      ours: async () => await secondsOf(await ours(await makeFolder(parent, "new")), PROJECT),
      twin: async () => await secondsOf(twin, await makeFolder(parent, "new")),
    }),
  });
}

async function* replay({ rounds, parent }: Options): AsyncGenerator<Row> {
  const folder = await makeFolder(parent, "replay");
  const uri = ["--tracking-uri", uriOf(join(folder, "ours.db"))];
  await run(await ourTask("train", "exp_v1", ...uri), PROJECT);
  await run(await twinScript("train"), folder);
  const [ours, twin] = [await ourTask("replay", "exp_v1", ...uri), await twinScript("replay")];
  yield rowOf("replay, cold", "s", {
    asked: "≥ 12 ×",
    samples: await interleave(rounds, {
      ours: () => secondsOf(ours, PROJECT),
      twin: () => secondsOf(twin, folder),
    }),
  });
}

async function* points({ rounds, parent }: Options): AsyncGenerator<Row> {
  const timed = async (line: (uri: string) => CommandLine | Promise<CommandLine>) => {
    const folder = await makeFolder(parent, "points");
    const asked = await line(uriOf(join(folder, "mlflow.db")));
    return (await answerOf<{ readonly seconds: number }>(asked, folder)).seconds;
  };
  yield rowOf("write 100,000 points", "s", {
    asked: "≥ 8 ×",
    samples: await interleave(rounds, {
      ours: () => timed((uri) => ourScript("points", uri)),
      twin: () => timed((uri) => twinScript("points", uri)),
    }),
  });
}

async function* lookup({ rounds, parent }: Options): AsyncGenerator<Row> {
  const folder = await makeFolder(parent, "lookup");
  const uri = uriOf(join(folder, "mlflow.db"));
  await run(ourScript("fill", uri), folder);
  const [ours, twin] = [ourScript("lookup", uri), await twinScript("lookup", uri)];
  const times = (line: CommandLine) =>
    answerOf<{ readonly median_ms: number; readonly max_ms: number }>(line, folder);
  // The uncounted first turn of the twin has MLflow upgrade the file to its own schema, so both read the same one.
  const found = await interleave(rounds, { ours: () => times(ours), twin: () => times(twin) });
  yield rowOf("a run by name of 10,000, median of 50", "ms", {
    asked: "ours ≤ 5 ms",
    samples: found.map(({ ours, twin }) => ({ ours: ours.median_ms, twin: twin.median_ms })),
  });
  yield rowOf("a run by name of 10,000, slowest of 50", "ms", {
    asked: "",
    samples: found.map(({ ours, twin }) => ({ ours: ours.max_ms, twin: twin.max_ms })),
  });
}

/** Medians, and the median of the rounds' ratios, each with its range. */
function rowOf(
  measure: string,
  unit: "s" | "ms",
  { asked, samples }: {
    readonly asked: string;
    readonly samples: readonly { readonly ours: number; readonly twin: number }[];
  },
): Row {
  return {
    measure,
    ours: spread(samples.map(({ ours }) => ours), unit),
    twin: spread(samples.map(({ twin }) => twin), unit),
    "twin ÷ ours": spread(samples.map(({ ours, twin }) => twin / ours), "×"),
    asked,
    rounds: `${samples.length}`,
  };
}

const uriOf = (path: string): string => `sqlite:///${path}`;

async function secondsOf(line: CommandLine, cwd: string | URL): Promise<number> {
  return (await run(line, cwd)).seconds;
}
