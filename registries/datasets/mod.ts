export { diabetes_v1 } from "./diabetes_v1.ts";
export { iris_v1 } from "./iris_v1.ts";
export { penguins_v1 } from "./penguins_v1.ts";
