import type { Matrix } from "../lib/base/matrix.ts";
import { type Random, randomOf } from "../lib/base/random.ts";
import { z } from "../lib/deps/zod.ts";

const levels = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}_${at + 1}`);
const COUNTRIES = levels("country", 40);
const SEGMENTS = levels("segment", 8);
const PLANS = ["free", "team", "enterprise"] as const;
const DEVICES = ["phone", "tablet", "laptop", "desktop", "other"] as const;

/** The columns of the synthetic table: 20, of every kind but text, six of them nullable. */
export const SYNTHETIC_ROW = z.object({
  id: z.int(),
  age: z.int(),
  balance: z.int(),
  visits: z.int().nullable(),
  height: z.number(),
  weight: z.number(),
  price: z.number(),
  rate: z.number(),
  x: z.number(),
  y: z.number(),
  temperature: z.number().nullable(),
  score: z.number().nullable(),
  country: z.enum(COUNTRIES),
  plan: z.enum(PLANS),
  device: z.enum(DEVICES),
  segment: z.enum(SEGMENTS).nullable(),
  active: z.boolean(),
  subscribed: z.boolean().nullable(),
  created_at: z.date(),
  seen_at: z.date().nullable(),
});

/** How a cell's text is drawn. */
type Cell = (random: Random, row: number) => string;

const integer = (from: number, to: number): Cell => (random) => `${from + random.integer(to - from)}`;
const rounded = (mean: number, deviation: number): Cell => (random) =>
  (mean + deviation * random.normal()).toFixed(1);
const normal: Cell = (random) => `${random.normal()}`;
const oneOf = (options: readonly string[]): Cell => (random) => options[random.integer(options.length)]!;
const moment: Cell = (random) => new Date(1.6e12 + 1000 * random.integer(1e8)).toISOString();
/** One cell of twenty has no value. */
const orNull = (cell: Cell): Cell => (random, row) => random.integer(20) === 0 ? "" : cell(random, row);

const CELLS: Readonly<Record<keyof typeof SYNTHETIC_ROW.shape, Cell>> = {
  id: (_, row) => `${row + 1}`,
  age: integer(18, 90),
  balance: integer(-(2 ** 40), 2 ** 40),
  visits: orNull(integer(0, 1000)),
  height: rounded(170, 10),
  weight: rounded(70, 12),
  price: (random) => Math.exp(3 + random.normal()).toFixed(2),
  rate: (random) => `${random.uniform()}`,
  x: normal,
  y: normal,
  temperature: orNull(rounded(20, 8)),
  score: orNull(normal),
  country: oneOf(COUNTRIES),
  plan: oneOf(PLANS),
  device: oneOf(DEVICES),
  segment: orNull(oneOf(SEGMENTS)),
  active: oneOf(["true", "false"]),
  subscribed: orNull(oneOf(["true", "false"])),
  created_at: moment,
  seen_at: orNull(moment),
};

/**
 * The synthetic table as CSV, a thousand rows at a time. A table of fewer rows is the beginning of one of more; a
 * column's values don't depend on the other columns.
 *
 * @param options.seed @default 0
 */
export function* syntheticCsv(rows: number, { seed = 0 } = {}): Generator<string> {
  const columns = Object.entries(CELLS).map(([name, cell]) => ({
    cell,
    random: randomOf(seed).stream(name),
  }));
  let text = `${Object.keys(CELLS).join(",")}\n`;
  for (let row = 0; row < rows; row++) {
    text += `${columns.map(({ cell, random }) => cell(random, row)).join(",")}\n`;
    if (row % 1000 < 999) continue;
    yield text;
    text = "";
  }
  yield text;
}

/** Rows to be classified. */
export interface Examples {
  /** Standard normal features, row by row. */
  readonly x: Matrix;
  /** The class of each row. */
  readonly y: Uint32Array;
}

/**
 * Rows of a classification that is neither linear nor free of noise: each class has a score, a random linear function
 * of the features and as many products of two of them, with Gumbel noise, and the highest score wins.
 *
 * @param options.seed @default 0
 */
export function syntheticExamples(
  { rows, columns, classes, seed = 0 }: {
    readonly rows: number;
    readonly columns: number;
    readonly classes: number;
    readonly seed?: number;
  },
): Examples {
  const random = randomOf(seed);
  const data = Float64Array.from({ length: rows * columns }, random.stream("x").normal);
  const weights = random.stream("weights");
  const scores = Array.from({ length: classes }, () =>
    Array.from({ length: columns }, () => ({
      linear: 2 * weights.normal() / Math.sqrt(columns),
      product: 2 * weights.normal() / Math.sqrt(columns),
      other: weights.integer(columns),
    })));
  const noise = random.stream("noise");
  const y = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = -Infinity;
    scores.forEach((terms, label) => {
      let score = -Math.log(-Math.log(noise.uniform()));
      terms.forEach(({ linear, product, other }, column) => {
        const value = data[row * columns + column]!;
        score += value * (linear + product * data[row * columns + other]!);
      });
      if (score > best) [best, y[row]] = [score, label];
    });
  }
  return { x: { rows, columns, data }, y };
}

/** Writes the synthetic table to stdout: deno run bench/synthetic.ts 1000000 > table.csv */
if (import.meta.main) {
  await ReadableStream.from(syntheticCsv(Number(Deno.args[0])))
    .pipeThrough(new TextEncoderStream())
    .pipeTo(Deno.stdout.writable);
}
