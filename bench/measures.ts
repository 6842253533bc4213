import { join } from "node:path";
import { interleave, type Measure } from "./measure.ts";
import { type CommandLine, ourScript, ourTask, PROJECT, run, twinScript } from "./process.ts";

/** Measures by name: each does its rounds in a folder of its own below the one it is given. */
export const measures = { train, replay, points, lookup } as const;

async function train(rounds: number, parent: string): Promise<readonly Measure[]> {
  const folder = await makeFolder(parent, "train");
  const ours = (store: string) => ourTask("train", "exp_v1", "--tracking-uri", uriOf(join(store, "ours.db")));
  const twin = await twinScript("train");
  const asked = "≥ 10 ×";
  return [
    {
      name: "train, cold, existing store",
      unit: "s",
      asked,
      samples: await interleave(
        rounds,
        async () => await secondsOf(await ours(folder), PROJECT),
        () => secondsOf(twin, folder),
      ),
    },
    {
      name: "train, cold, new store",
      unit: "s",
      asked,
      samples: await interleave(
        rounds,
        async () => await secondsOf(await ours(await makeFolder(parent, "new")), PROJECT),
        async () => await secondsOf(twin, await makeFolder(parent, "new")),
      ),
    },
  ];
}

async function replay(rounds: number, parent: string): Promise<readonly Measure[]> {
  const folder = await makeFolder(parent, "replay");
  const uri = ["--tracking-uri", uriOf(join(folder, "ours.db"))];
  await run(await ourTask("train", "exp_v1", ...uri), PROJECT);
  await run(await twinScript("train"), folder);
  const [ours, twin] = [await ourTask("replay", "exp_v1", ...uri), await twinScript("replay")];
  const samples = await interleave(rounds, () => secondsOf(ours, PROJECT), () => secondsOf(twin, folder));
  return [{ name: "replay, cold", unit: "s", asked: "≥ 12 ×", samples }];
}

async function points(rounds: number, parent: string): Promise<readonly Measure[]> {
  const timed = async (line: (uri: string) => CommandLine | Promise<CommandLine>) => {
    const folder = await makeFolder(parent, "points");
    return (await answerOf(await line(uriOf(join(folder, "mlflow.db"))), folder)).seconds!;
  };
  const samples = await interleave(
    rounds,
    () => timed((uri) => ourScript("points", uri)),
    () => timed((uri) => twinScript("points", uri)),
  );
  return [{ name: "write 100,000 points", unit: "s", asked: "≥ 8 ×", samples }];
}

async function lookup(rounds: number, parent: string): Promise<readonly Measure[]> {
  const folder = await makeFolder(parent, "lookup");
  const uri = uriOf(join(folder, "mlflow.db"));
  await run(ourScript("fill", uri), folder);
  const [ours, twin] = [ourScript("lookup", uri), await twinScript("lookup", uri)];
  const slowest: { ours: number; twin: number }[] = [];
  // The uncounted first turn of the twin has MLflow upgrade the file to its own schema, so both read the same one.
  const samples = await interleave(
    rounds,
    async () => {
      const { median_ms, max_ms } = await answerOf(ours, folder);
      slowest.push({ ours: max_ms!, twin: NaN });
      return median_ms!;
    },
    async () => {
      const { median_ms, max_ms } = await answerOf(twin, folder);
      slowest.at(-1)!.twin = max_ms!;
      return median_ms!;
    },
  );
  return [
    { name: "a run by name of 10,000, median of 50", unit: "ms", asked: "ours ≤ 5 ms", samples },
    {
      name: "a run by name of 10,000, slowest of 50",
      unit: "ms",
      asked: "",
      samples: slowest.slice(1),
    },
  ];
}

const uriOf = (path: string): string => `sqlite:///${path}`;

async function makeFolder(parent: string, name: string): Promise<string> {
  return await Deno.makeTempDir({ dir: parent, prefix: `${name}_` });
}

async function secondsOf(line: CommandLine, cwd: string | URL): Promise<number> {
  return (await run(line, cwd)).seconds;
}

/** What a script that times itself printed: a JSON object of numbers. */
async function answerOf(line: CommandLine, cwd: string): Promise<Readonly<Record<string, number>>> {
  return JSON.parse((await run(line, cwd)).stdout);
}
