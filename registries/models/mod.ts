export { logistic_regression } from "./logistic_regression.ts";
export { majority_class } from "./majority_class.ts";
export { mlp } from "./mlp.ts";
