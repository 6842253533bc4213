export * as tf from "npm:@tensorflow/tfjs-core@4.22.0";
