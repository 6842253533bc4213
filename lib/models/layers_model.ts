import { ExperimentError } from "../base/error.ts";
import { tf } from "../deps/tfjs.ts";
import type { Estimator, LayersModel } from "./estimator.ts";

/** What is asked of a LayersModel: its own types are in a package that only those who build one load. */
interface Layers {
  predict(x: Tensor, args: { readonly batchSize: number }): Tensor | readonly Tensor[];
  save(handler: ReturnType<typeof tf.io.withSaveHandler>): Promise<unknown>;
}

type Tensor = ReturnType<typeof tf.tensor>;

/** Rows that are predicted at once: TensorFlow.js's 32 take a hundred times as long. */
const BATCH = 8192;

/**
 * The estimator that a fitted LayersModel of TensorFlow.js is. It saves TensorFlow.js's own files, which
 * `tf.loadLayersModel` reads: `model.json` and `weights.bin`.
 */
export async function estimatorOf(fitted: LayersModel): Promise<Estimator> {
  const model = fitted as unknown as Layers;
  const files = await filesOf(model);
  return {
    async predict({ rows, columns, data }) {
      const x = tf.tensor2d(Float32Array.from(data), [rows, columns]);
      const predicted = model.predict(x, { batchSize: BATCH });
      x.dispose();
      if (!("data" in predicted)) throw manyOutputs(predicted);
      try {
        const values = await predicted.data();
        return { rows, columns: values.length / rows, data: Float64Array.from(values) };
      } finally {
        predicted.dispose();
      }
    },
    save: () => files,
  };
}

function manyOutputs(predicted: readonly Tensor[]): ExperimentError {
  predicted.forEach((tensor) => tensor.dispose());
  return new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The LayersModel can't be scored: it has ${predicted.length} outputs, and a model here has one.`,
    { hint: "Return a model whose only output is a column for each class, or one with the value." },
  );
}

async function filesOf(model: Layers): Promise<Readonly<Record<string, string | Uint8Array>>> {
  let files: Readonly<Record<string, string | Uint8Array>> = {};
  const handler = tf.io.withSaveHandler(({ modelTopology, weightSpecs, weightData, ...rest }) => {
    const weights = [{ paths: ["weights.bin"], weights: weightSpecs }];
    const topology = { modelTopology, ...rest, weightsManifest: weights };
    files = {
      "model.json": renumbered(JSON.stringify(topology)),
      "weights.bin": new Uint8Array(tf.io.concatenateArrayBuffers([weightData ?? []].flat())),
    };
    const modelArtifactsInfo = { dateSaved: new Date(0), modelTopologyType: "JSON" } as const;
    return Promise.resolve({ modelArtifactsInfo });
  });
  await model.save(handler);
  return files;
}

/**
 * A model's JSON with the names that TensorFlow.js makes up, such as `dense_Dense7`, numbered from 1: it counts all
 * layers of a process, so that the second of two equal models would have other names.
 */
function renumbered(json: string): string {
  const numbers = new Map<string, number>();
  const counts = new Map<string, number>();
  return json.replace(
    /"(sequential_|model|input|[a-z0-9_]+_[A-Z]\w*?)(\d+)(?=["/])/g,
    (name, kind: string) => {
      if (!numbers.has(name)) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        numbers.set(name, counts.get(kind)!);
      }
      return `"${kind}${numbers.get(name)}`;
    },
  );
}
