export { BackendWasm, setWasmPaths } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
