import { defineModel } from "../../mod.ts";
import { SOFTMAX_PARAMS } from "./_params.ts";

/** Multinomial logistic regression (softmax), fitted by Adam on standardised features. */
export const logistic_regression = defineModel({
  description: "Softmax regression",
  task: "classification",
  params: SOFTMAX_PARAMS,
  async fit(input) {
    const { fitSoftmax } = await import("./_softmax.ts");
    return await fitSoftmax(input);
  },
});
