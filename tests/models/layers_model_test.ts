import assert from "node:assert/strict";
import { join } from "node:path";
import { openProject, type Project } from "../project.ts";

const MODEL = `
import { z } from "../../lib/deps/zod.ts";
import { defineModel } from "../../mod.ts";

const params = z.strictObject({ epochs: z.int().default(100) });

export const layers = defineModel({
  task: "classification",
  backend: "tensorflow.js wasm",
  params,
  async fit({ x, y, classes, params, random, onEpoch }) {
    const { tf } = await import("../../lib/deps/tfjs.ts");
    await import("../../lib/deps/tfjs_wasm.ts");
    const { layers, sequential, initializers } = await import("npm:@tensorflow/tfjs-layers@4.22.0");
    tf.enableProdMode();
    await tf.setBackend("wasm");
    const kernelInitializer = initializers.glorotUniform({ seed: 1 + random.integer(2 ** 31) });
    const model = sequential({
      layers: [
        layers.dense({ units: 8, activation: "tanh", inputShape: [x.columns], kernelInitializer }),
        layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.1), loss: "sparseCategoricalCrossentropy" });
    await model.fit(
      tf.tensor2d(Float32Array.from(x.data), [x.rows, x.columns]),
      tf.tensor1d(Float32Array.from(y)),
      {
        epochs: params.epochs,
        batchSize: x.rows,
        shuffle: false,
        verbose: 0,
        callbacks: { onEpochEnd: (epoch, logs) => onEpoch(epoch + 1, { train_loss: logs!.loss! }) },
      },
    );
    return model;
  },
});
`;

async function openWithLayers(units = "classes.length"): Promise<Project> {
  const project = await openProject();
  const root = new URL("../..", import.meta.url).href;
  await project.write(
    "registries/models/layers.ts",
    MODEL.replaceAll('"../../', `"${root}`).replace("CLASSES", units),
  );
  await project.edit("registries/models/mod.ts", "export", 'export { layers } from "./layers.ts";\nexport');
  return project;
}

const CHOOSE = ["--set", "model={ name: layers }"];

Deno.test("a model may return a LayersModel, which is scored, saved in its own format and rerun bit for bit", async () => {
  await using project = await openWithLayers();
  const { code, document, stderr } = await project.json("train", "exp_v1", "--verify", ...CHOOSE);
  assert.equal(code, 0, stderr);
  assert.ok(document.metrics.accuracy! > 0.9, `${document.metrics.accuracy}`);
  assert.equal((document as unknown as { determinism: string }).determinism, "bit-exact");

  const folder = join(project.directory, "mlartifacts", "1", document.run_id, "artifacts", "model");
  const saved = JSON.parse(await Deno.readTextFile(join(folder, "model.json")));
  assert.equal(saved.format, "layers-model");
  const [{ paths, weights }] = saved.weightsManifest;
  assert.deepEqual(paths, ["weights.bin"]);
  assert.ok(weights.some(({ name }: { name: string }) => name === "dense_Dense1/kernel"));
  const sizes = weights.map(({ shape }: { shape: number[] }) =>
    shape.reduce((product, size) => product * size, 4)
  );
  const { size } = await Deno.stat(join(folder, "weights.bin"));
  assert.equal(size, sizes.reduce((sum: number, one: number) => sum + one, 0));

  const rerun = await project.json("replay", "exp_v1", "--rerun");
  assert.equal(rerun.document.verdict, "reproduced", rerun.stdout);
});

Deno.test("a model that predicts something else than a column for each class is refused", async () => {
  await using project = await openWithLayers("4");
  const { code, stderr } = await project.run("train", "exp_v1", ...CHOOSE);
  assert.equal(code, 2, stderr);
  assert.match(
    stderr,
    /"layers" predicts 4 columns and 30 rows for 30 rows, and not a column for each of the 3 classes/,
  );
});
