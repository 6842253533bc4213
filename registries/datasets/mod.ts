export { iris_v1 } from "./iris_v1.ts";
