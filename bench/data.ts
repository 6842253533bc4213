import assert from "node:assert/strict";
import { join } from "node:path";
import { interleave, median, type Options, type Row, spread } from "./measure.ts";
import { answerOf, makeFolder, ourScript, PROJECT, run, twinScript } from "./process.ts";
import { syntheticCsv } from "./synthetic.ts";

/** What a side took; the most memory of its process, where it knows; and what it found. */
interface Answer {
  readonly seconds: number;
  readonly megabytes?: number;
  readonly found?: unknown;
}

type Side = () => Promise<Answer>;

/** Reads and fingerprints the synthetic table, and computes fifty features of it. */
export async function* data({ rounds, rows = 1_000_000, parent }: Options): AsyncGenerator<Row> {
  await using table = await writeTable(rows, parent);
  const { csv, parquet } = table;
  const size = `${rows.toLocaleString("en")} × 20`;
  const fromCsv = await interleave(rounds, {
    ours: ours("read", csv),
    pandas: await twin("read", csv, "c"),
    "pandas by pyarrow": await twin("read", csv, "pyarrow"),
    sha256sum: sha256sum(csv),
  }, { cold: false });
  yield* rowsOf(`read and fingerprint ${size} of CSV`, fromCsv);
  const fromParquet = await interleave(rounds, {
    ours: ours("read", parquet),
    "pandas by pyarrow": await twin("read", parquet, "pyarrow"),
    sha256sum: sha256sum(parquet),
  }, { cold: false });
  assert.equal(fromParquet[0]!.ours.found, fromCsv[0]!.ours.found);
  yield* rowsOf(`read and fingerprint ${size} of Parquet`, fromParquet);
  const features = await interleave(rounds, {
    ours: ours("features", parquet),
    pandas: await twin("features", parquet),
  }, { cold: false });
  assertClose(features[0]!.ours.found, features[0]!.pandas.found);
  yield* rowsOf(`50 features of ${rows.toLocaleString("en")} rows`, features);
}

/** Reads and fingerprints tables of 10,000 rows, of ten times as many, and so on: of up to a million rows in each round. */
export async function* growth({ rounds, rows = 10_000_000, parent }: Options): AsyncGenerator<Row> {
  for (let size = 10_000; size <= rows; size *= 10) {
    await using table = await writeTable(size, parent);
    for (const [form, path] of [["CSV", table.csv], ["Parquet", table.parquet]] as const) {
      const found = await interleave(Math.min(rounds, Math.ceil(1_000_000 / size)), {
        ours: ours("read", path),
        pandas: await twin("read", path, "c"),
      }, { cold: false });
      const microseconds = (side: "ours" | "pandas") =>
        spread(found.map((turn) => 1e6 * turn[side].seconds / size), "µs");
      const [row] = rowsOf(`${size.toLocaleString("en")} rows of ${form}`, found);
      yield { ...row!, "ours, a row": microseconds("ours"), "peer, a row": microseconds("pandas") };
    }
  }
}

/** Ours beside each peer, in a row each. */
function* rowsOf(
  measure: string,
  found: readonly Readonly<Record<string, Answer>>[],
): Generator<Row> {
  const seconds = (side: string) => found.map((turn) => turn[side]!.seconds);
  const megabytes = (side: string) =>
    found[0]![side]!.megabytes === undefined
      ? ""
      : `${Math.round(median(found.map((turn) => turn[side]!.megabytes!)))} MB`;
  for (const peer of Object.keys(found[0]!).slice(1)) {
    yield {
      measure,
      peer,
      ours: spread(seconds("ours"), "s"),
      "the peer": spread(seconds(peer), "s"),
      "ours ÷ peer": spread(found.map((turn) => turn.ours!.seconds / turn[peer]!.seconds), "×"),
      "ours, peak": megabytes("ours"),
      "peer, peak": megabytes(peer),
      rounds: `${found.length}`,
    };
  }
}

const ours = (...args: string[]): Side => () => answerOf(ourScript("data", ...args), PROJECT);

/** On two threads, which only pyarrow uses. */
async function twin(...args: string[]): Promise<Side> {
  const line = await twinScript("data", ...args);
  return () => answerOf(line, PROJECT, { threads: 2 });
}

const sha256sum = (path: string): Side => () => run(["sha256sum", path], PROJECT);

/** The synthetic table in two forms, of the same values. */
async function writeTable(
  rows: number,
  parent: string,
): Promise<{ readonly csv: string; readonly parquet: string } & AsyncDisposable> {
  const folder = await makeFolder(parent, "table");
  const [csv, parquet] = [join(folder, "table.csv"), join(folder, "table.parquet")];
  const file = await Deno.create(csv);
  await ReadableStream.from(syntheticCsv(rows)).pipeThrough(new TextEncoderStream()).pipeTo(file.writable);
  await run(await twinScript("data", "write", csv, parquet), PROJECT);
  return { csv, parquet, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** That both sides computed the same features: the means of each are. */
function assertClose(actual: unknown, expected: unknown): void {
  const [ours, theirs] = [actual, expected] as Readonly<Record<string, number>>[];
  assert.deepEqual(Object.keys(ours!), Object.keys(theirs!).sort());
  for (const [name, mean] of Object.entries(ours!)) {
    const other = theirs![name]!;
    assert.ok(
      Math.abs(mean - other) <= 1e-9 * Math.max(1, Math.abs(other)),
      `${name}: ${mean}, not ${other}`,
    );
  }
}
