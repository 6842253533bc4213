"""Times the search of a run by its name, 50 times."""

import json
import statistics
import sys
import time

from mlflow import MlflowClient


def main():
    client = MlflowClient(sys.argv[1])
    experiment_id = client.get_experiment_by_name("bench").experiment_id
    times = []
    for index in range(50):
        name = f"run_{index * 199}"
        start = time.perf_counter()
        runs = client.search_runs([experiment_id], f"attributes.run_name = '{name}'")
        times.append((time.perf_counter() - start) * 1000)
        assert len(runs) == 1
    print(json.dumps({"median_ms": statistics.median(times), "max_ms": max(times)}))


if __name__ == "__main__":
    main()
