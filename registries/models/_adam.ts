/** The Adam update (Kingma and Ba, 2015) of one array of weights, in place. */
export function adam(
  weights: Float32Array | Float64Array,
  learningRate: number,
): (gradient: Float32Array | Float64Array) => void {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const mean = new Float64Array(weights.length);
  const square = new Float64Array(weights.length);
  let [power1, power2] = [1, 1];
  return (gradient) => {
    power1 *= beta1;
    power2 *= beta2;
    for (let at = 0; at < weights.length; at++) {
      const slope = gradient[at]!;
      mean[at] = beta1 * mean[at]! + (1 - beta1) * slope;
      square[at] = beta2 * square[at]! + (1 - beta2) * slope * slope;
      const step = (mean[at]! / (1 - power1)) / (Math.sqrt(square[at]! / (1 - power2)) + epsilon);
      weights[at]! -= learningRate * step;
    }
  };
}
