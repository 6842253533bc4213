import type { z } from "../../lib/deps/zod.ts";
import {
  type ClassificationInput,
  type Estimator,
  ExperimentError,
  type Matrix,
  type Random,
} from "../../mod.ts";
import { descend } from "./_descent.ts";
import { log, softmax } from "./_elementary.ts";
import type { NETWORK_PARAMS } from "./_params.ts";
import { scale, type Scaling, scalingJson, scalingOf } from "./_scaling.ts";

/** A dense layer: `weights` are inputs × outputs, row by row; every layer but the last ends in a ReLU. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

type TensorFlow = typeof import("../../lib/deps/tfjs.ts").tf;
type Tensor2D = ReturnType<TensorFlow["tensor2d"]>;

/**
 * Fits a feed-forward classifier to standardised features by back-propagation of the cross-entropy of its softmax (plus
 * l2/2 · ‖W‖²). It is written out, since TensorFlow.js's own takes several times as long.
 */
export async function fitNetwork(
  input: ClassificationInput<z.output<typeof NETWORK_PARAMS>>,
): Promise<Estimator> {
  const { x, y, classes, features, params, random } = input;
  const tf = await openTensorFlow();
  const scaling = scalingOf(x);
  const scaled = Float32Array.from(scale(x, scaling));
  const layers = initialLayers([x.columns, ...params.hidden, classes.length], random.stream("weights"));

  /** The shares of the classes of some rows, and what every layer was given for them. */
  const run = (rows: Uint32Array) => {
    const inputs = tf.tensor2d(gather(scaled, x.columns, rows), [rows.length, x.columns]);
    const weights = layers.map((layer) => tf.tensor2d(layer.weights, [layer.inputs, layer.outputs]));
    const activations = forward(tf, layers, weights, inputs);
    const shares = sharesOf(activations.at(-1)!.dataSync<"float32">(), classes.length);
    let loss = 0;
    for (let row = 0; row < rows.length; row++) {
      // The smallest share with all its digits stands for none at all.
      loss -= log(Math.max(shares[row * classes.length + y[rows[row]!]!]!, 2 ** -126));
    }
    return { weights, activations, shares, loss };
  };

  await descend(input, {
    weights: layers.flatMap(({ weights, bias }) => [weights, bias]),
    lossOf: (rows) => tf.tidy(() => run(rows)).loss,
    derive: (rows) => {
      const gradients: Float32Array[] = [];
      let total = 0;
      tf.tidy(() => {
        const { weights, activations, shares, loss } = run(rows);
        total = loss;
        let error = shares;
        for (let row = 0; row < rows.length; row++) error[row * classes.length + y[rows[row]!]!]!--;
        for (let at = 0; at < error.length; at++) error[at]! /= rows.length;
        let delta = tf.tensor2d(error, [rows.length, classes.length]);
        for (let index = layers.length - 1; index >= 0; index--) {
          const layer = layers[index]!;
          // The wasm kernels are slow on transposed operands of matMul, so they are transposed beforehand.
          const slopes = tf.matMul(tf.transpose(activations[index]!), delta).dataSync<"float32">();
          if (params.l2 > 0) layer.weights.forEach((weight, at) => slopes[at]! += params.l2 * weight);
          gradients.unshift(slopes, columnSums(error, layer.outputs));
          if (index > 0) {
            delta = tf.mul(tf.matMul(delta, tf.transpose(weights[index]!)), tf.step(activations[index]!));
            error = delta.dataSync<"float32">();
          }
        }
      });
      return { loss: total, gradients };
    },
  });
  return {
    predict: (x) => predict(tf, layers, { ...x, data: scale(x, scaling) }),
    save: () => ({ "model.json": networkJson(classes, features, scaling, layers) }),
  };
}

async function openTensorFlow(): Promise<TensorFlow> {
  const { tf } = await import("../../lib/deps/tfjs.ts");
  await import("../../lib/deps/tfjs_wasm.ts");
  tf.enableProdMode();
  // Where the kernels can't be read, TensorFlow.js falls back to another backend, which gives other bits.
  if (!(await tf.setBackend("wasm")) || tf.getBackend() !== "wasm") {
    throw new ExperimentError(
      "INTERNAL_ERROR",
      "The model can't be fitted: TensorFlow.js could not start its wasm backend.",
      { hint: "Allow reading the folder of its .wasm files (--allow-read)." },
    );
  }
  return tf;
}

/** Weights uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010), biases 0. */
function initialLayers(widths: readonly number[], random: Random): Layer[] {
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index]!;
    const limit = Math.sqrt(6 / (inputs + outputs));
    const weights = Float32Array.from({ length: inputs * outputs }, () => (2 * random.uniform() - 1) * limit);
    return { inputs, outputs, weights, bias: new Float32Array(outputs) };
  });
}

/** The softmax of each row of logits, in place. */
function sharesOf(logits: Float32Array, columns: number): Float32Array {
  for (let start = 0; start < logits.length; start += columns) softmax(logits, start, start + columns);
  return logits;
}

function columnSums(values: Float32Array, columns: number): Float32Array {
  const sums = new Float32Array(columns);
  for (let at = 0; at < values.length;) {
    for (let column = 0; column < columns; column++) sums[column]! += values[at++]!;
  }
  return sums;
}

/** The rows of a batch, in its order. */
function gather(values: Float32Array, columns: number, rows: Uint32Array): Float32Array {
  const gathered = new Float32Array(rows.length * columns);
  for (let row = 0, at = 0; row < rows.length; row++) {
    const start = rows[row]! * columns;
    for (let column = 0; column < columns; column++) gathered[at++] = values[start + column]!;
  }
  return gathered;
}

/** The input of each layer, and then the logits. */
function forward(
  tf: TensorFlow,
  layers: readonly Layer[],
  weights: readonly Tensor2D[],
  x: Tensor2D,
): Tensor2D[] {
  const activations = [x];
  layers.forEach((layer, index) => {
    activations.push(tf.fused.matMul({
      a: activations[index]!,
      b: weights[index]!,
      bias: tf.tensor1d(layer.bias),
      activation: index < layers.length - 1 ? "relu" : "linear",
    }) as Tensor2D);
  });
  return activations;
}

function predict(tf: TensorFlow, layers: readonly Layer[], { rows, columns, data }: Matrix): Matrix {
  const outputs = layers.at(-1)!.outputs;
  const logits = tf.tidy(() => {
    const weights = layers.map((layer) => tf.tensor2d(layer.weights, [layer.inputs, layer.outputs]));
    const x = tf.tensor2d(Float32Array.from(data), [rows, columns]);
    return forward(tf, layers, weights, x).at(-1)!.dataSync<"float32">();
  });
  return { rows, columns: outputs, data: Float64Array.from(sharesOf(logits, outputs)) };
}

function networkJson(
  classes: readonly string[],
  features: readonly string[],
  scaling: Scaling,
  layers: readonly Layer[],
): string {
  return JSON.stringify({
    format: "reprise/network/1",
    classes,
    features,
    scaling: scalingJson(scaling),
    layers: layers.map(({ inputs, outputs, weights, bias }, index) => ({
      inputs,
      outputs,
      activation: index < layers.length - 1 ? "relu" : "softmax",
      weights: [...weights],
      bias: [...bias],
    })),
  });
}
