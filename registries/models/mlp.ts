import { defineModel } from "../../mod.ts";
import { NETWORK_PARAMS } from "./_params.ts";

/** A multilayer perceptron with ReLU layers, fitted by Adam on standardised features. */
export const mlp = defineModel({
  description: "Multilayer perceptron",
  task: "classification",
  // The WebAssembly kernels give the same bits in every process, and others than TensorFlow.js's other backends.
  backend: "tensorflow.js wasm",
  params: NETWORK_PARAMS,
  async fit(input) {
    const { fitNetwork } = await import("./_network.ts");
    return await fitNetwork(input);
  },
});
