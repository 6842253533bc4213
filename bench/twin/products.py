"""Times the matrix products alone of fitting a network, in float32: forwards, and backwards to weights and inputs."""

import json
import sys
import time

import numpy as np


def main():
    widths, rows, batch, epochs = map(json.loads, sys.argv[1:])
    random = np.random.default_rng(0)
    values = [random.normal(size=(batch, width)).astype("float32") for width in widths]
    weights = [random.normal(size=shape).astype("float32") for shape in zip(widths, widths[1:])]
    into_values = [np.empty_like(value) for value in values]
    into_weights = [np.empty_like(weight) for weight in weights]

    start = time.perf_counter()
    for _ in range(epochs * rows // batch):
        for layer, weight in enumerate(weights):
            np.matmul(values[layer], weight, out=into_values[layer + 1])
            np.matmul(values[layer].T, values[layer + 1], out=into_weights[layer])
            # What is wrong with the features themselves is of no use.
            if layer > 0:
                np.matmul(values[layer + 1], weight.T, out=into_values[layer])
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
