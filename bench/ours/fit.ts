import { argmaxOfRows, type Matrix } from "../../lib/base/matrix.ts";
import { randomOf } from "../../lib/base/random.ts";
import type { ClassificationModel } from "../../lib/models/model.ts";
import * as models from "../../registries/models/mod.ts";
import { peakMegabytes } from "./peak.ts";

const [folder, columns, trainRows, model, params] = Deno.args as [string, string, string, string, string];
const { buffer } = await Deno.readFile(`${folder}/x.f64`);
const all = new Float64Array(buffer);
const y = new Uint32Array((await Deno.readFile(`${folder}/y.u32`)).buffer);
const train = Number(trainRows);
const classes = [...new Set(y)].sort().map(String);

function rows(from: number, to: number): Matrix {
  const width = Number(columns);
  return { rows: to - from, columns: width, data: all.subarray(from * width, to * width) };
}

const { fit: fitModel, params: schema } = models[model as keyof typeof models] as ClassificationModel;
const fit = (rows: Matrix) =>
  fitModel({
    x: rows,
    y: y.subarray(0, rows.rows),
    classes,
    features: Array.from({ length: rows.columns }, (_, column) => `f${column}`),
    params: schema.parse(JSON.parse(params)),
    random: randomOf(0),
    onEpoch: () => Promise.resolve(),
  });

// Loads what the model loads when it is used.
await fit(rows(0, 100));
const start = performance.now();
const estimator = await fit(rows(0, train));
const seconds = (performance.now() - start) / 1000;

const predicted = argmaxOfRows(await estimator.predict(rows(train, y.length)));
const accuracy = predicted.filter((label, row) => label === y[train + row]).length / predicted.length;
console.log(JSON.stringify({ seconds, megabytes: peakMegabytes(), accuracy }));
