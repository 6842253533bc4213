export * as tf from "npm:@tensorflow/tfjs@4.22.0";
