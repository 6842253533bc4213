"""Times the fit of an estimator of scikit-learn, which is given as Python, and scores it on the rows left."""

import json
import os
import sys
import time
import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from peak import peak_megabytes

THREADS = int(os.environ["OMP_NUM_THREADS"])


def main():
    folder, columns, train_rows, estimator = sys.argv[1:]
    x = np.fromfile(f"{folder}/x.f64").reshape(-1, int(columns))
    y = np.fromfile(f"{folder}/y.u32", dtype=np.uint32)
    train = slice(0, int(train_rows))
    test = slice(int(train_rows), None)
    # That it hasn't converged: the epochs are as many as were asked for.
    warnings.simplefilter("ignore")

    eval(estimator).fit(x[:100], y[:100])
    model = eval(estimator)
    start = time.perf_counter()
    model.fit(x[train], y[train])
    seconds = time.perf_counter() - start
    accuracy = model.score(x[test], y[test])
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes(), "accuracy": accuracy}))


if __name__ == "__main__":
    main()
