import {
  type ClassificationInput,
  type Estimator,
  ExperimentError,
  type Matrix,
  type Random,
} from "../../mod.ts";

/** What computes the fit: TensorFlow.js with its WebAssembly kernels, which give the same bits in every process. */
export const BACKEND = "tensorflow.js wasm";

interface NetworkParams {
  readonly epochs: number;
  readonly batch_size: number;
  readonly learning_rate: number;
  readonly l2: number;
}

/** A dense layer: `weights` are inputs × outputs, row by row; every layer but the last ends in a ReLU. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** The standardised features of the train rows, row by row, and their classes. */
interface TrainRows {
  readonly x: Float32Array;
  readonly columns: number;
  readonly y: Uint32Array;
}

interface Scaling {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

type TensorFlow = typeof import("../../lib/deps/tfjs.ts").tf;

/**
 * Fits a feed-forward classifier by back-propagation of the cross-entropy of its softmax (plus l2/2 · ‖W‖²), with
 * batches in a seeded order. `hidden` holds the widths of the ReLU layers; none makes it softmax regression.
 */
export async function fitNetwork(
  input: ClassificationInput<NetworkParams>,
  hidden: readonly number[],
): Promise<Estimator> {
  const { x, y, classes, features, params, random, onEpoch } = input;
  const tf = await openTensorFlow();
  const scaling = scalingOf(x);
  const trainRows = { x: scale(x, scaling), columns: x.columns, y };
  const layers = initialLayers([x.columns, ...hidden, classes.length], random.stream("weights"));
  const steps = layers.flatMap(({ weights, bias }) => [adam(weights, params), adam(bias, params)]);
  const order = Uint32Array.from(y.keys());
  const shuffling = random.stream("batches");
  for (let epoch = 1; epoch <= params.epochs; epoch++) {
    shuffling.shuffle(order);
    let loss = 0;
    for (let start = 0; start < order.length; start += params.batch_size) {
      const batch = order.subarray(start, start + params.batch_size);
      const { batchLoss, gradients } = backPropagate(tf, layers, trainRows, batch, params.l2);
      gradients.forEach((gradient, index) => steps[index]!(gradient));
      loss += batchLoss;
    }
    await onEpoch(epoch, { train_loss: loss / order.length });
  }
  return {
    predict: (x) => predict(tf, layers, scale(x, scaling), x.rows),
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
      {
        hint: "Allow reading the folder of its .wasm files (--allow-read).",
      },
    );
  }
  return tf;
}

function scalingOf({ rows, columns, data }: Matrix): Scaling {
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (let at = 0; at < data.length; at++) mean[at % columns]! += data[at]! / rows;
  for (let at = 0; at < data.length; at++) {
    deviation[at % columns]! += (data[at]! - mean[at % columns]!) ** 2 / rows;
  }
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) || 1) };
}

function scale({ columns, data }: Matrix, { mean, deviation }: Scaling): Float32Array {
  return Float32Array.from(data, (value, at) => (value - mean[at % columns]!) / deviation[at % columns]!);
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

/** The loss summed over a batch, and the gradient of its mean by each layer's weights and bias, in turn. */
function backPropagate(
  tf: TensorFlow,
  layers: readonly Layer[],
  { x, columns, y }: TrainRows,
  batch: Uint32Array,
  l2: number,
): { readonly batchLoss: number; readonly gradients: readonly Float32Array[] } {
  const rows = batch.length;
  const inputs = gather(x, columns, batch);
  const gradients: Float32Array[] = [];
  let batchLoss = 0;
  tf.tidy(() => {
    const weights = layers.map((layer) => tf.tensor2d(layer.weights, [layer.inputs, layer.outputs]));
    const activations = forward(tf, layers, weights, tf.tensor2d(inputs, [rows, columns]));
    const classes = layers.at(-1)!.outputs;
    let error = softmax(activations.at(-1)!.dataSync<"float32">(), classes);
    batch.forEach((from, row) => {
      const at = row * classes + y[from]!;
      batchLoss -= Math.log(Math.max(error[at]!, 2 ** -126));
      error[at]! -= 1;
    });
    error = error.map((value) => value / rows);
    let delta = tf.tensor2d(error, [rows, classes]);
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index]!;
      // The wasm kernels are slow on transposed operands of matMul, so they are transposed beforehand.
      const input = index > 0
        ? tf.transpose(activations[index]!)
        : tf.tensor2d(transpose(inputs, columns), [columns, rows]);
      const slope = tf.matMul(input, delta).dataSync<"float32">();
      if (l2 > 0) layer.weights.forEach((weight, at) => slope[at]! += l2 * weight);
      gradients.unshift(slope, columnSums(error, layer.outputs));
      if (index > 0) {
        delta = tf.mul(tf.matMul(delta, tf.transpose(weights[index]!)), tf.step(activations[index]!));
        error = delta.dataSync<"float32">();
      }
    }
  });
  return { batchLoss, gradients };
}

/** The softmax of each row of logits. */
function softmax(logits: Float32Array, columns: number): Float32Array {
  const shares = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += columns) {
    let largest = -Infinity;
    for (let at = start; at < start + columns; at++) largest = Math.max(largest, logits[at]!);
    let total = 0;
    for (let at = start; at < start + columns; at++) total += shares[at] = Math.exp(logits[at]! - largest);
    for (let at = start; at < start + columns; at++) shares[at]! /= total;
  }
  return shares;
}

function transpose(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  const turned = new Float32Array(values.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[at++]!;
  }
  return turned;
}

function columnSums(values: Float32Array, columns: number): Float32Array {
  const sums = new Float32Array(columns);
  for (let at = 0; at < values.length; at++) sums[at % columns]! += values[at]!;
  return sums;
}

/** The rows of a batch, in its order. */
function gather(values: Float32Array, columns: number, batch: Uint32Array): Float32Array {
  const rows = new Float32Array(batch.length * columns);
  for (let row = 0, at = 0; row < batch.length; row++) {
    const start = batch[row]! * columns;
    for (let column = 0; column < columns; column++) rows[at++] = values[start + column]!;
  }
  return rows;
}

type Tensor2D = ReturnType<TensorFlow["tensor2d"]>;

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

function predict(tf: TensorFlow, layers: readonly Layer[], x: Float32Array, rows: number): Matrix {
  const columns = layers.at(-1)!.outputs;
  const data = tf.tidy(() => {
    const weights = layers.map((layer) => tf.tensor2d(layer.weights, [layer.inputs, layer.outputs]));
    const logits = forward(tf, layers, weights, tf.tensor2d(x, [rows, layers[0]!.inputs])).at(-1)!;
    return logits.dataSync<"float32">();
  });
  return { rows, columns, data: Float64Array.from(softmax(data, columns)) };
}

/** The Adam update (Kingma and Ba, 2015) of one array of parameters, in place. */
function adam(values: Float32Array, { learning_rate }: NetworkParams): (gradient: Float32Array) => void {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const mean = new Float64Array(values.length);
  const square = new Float64Array(values.length);
  let [power1, power2] = [1, 1];
  return (gradient) => {
    power1 *= beta1;
    power2 *= beta2;
    for (let at = 0; at < values.length; at++) {
      const slope = gradient[at]!;
      mean[at] = beta1 * mean[at]! + (1 - beta1) * slope;
      square[at] = beta2 * square[at]! + (1 - beta2) * slope * slope;
      const step = (mean[at]! / (1 - power1)) / (Math.sqrt(square[at]! / (1 - power2)) + epsilon);
      values[at]! -= learning_rate * step;
    }
  };
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
    scaling: { mean: [...scaling.mean], deviation: [...scaling.deviation] },
    layers: layers.map(({ inputs, outputs, weights, bias }, index) => ({
      inputs,
      outputs,
      activation: index < layers.length - 1 ? "relu" : "softmax",
      weights: [...weights],
      bias: [...bias],
    })),
  });
}
