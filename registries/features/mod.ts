export { iris_v1_features_v1 } from "./iris_v1_features_v1.ts";
