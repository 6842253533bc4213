"""Times the writing of 100,000 metric points into a new store."""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric


def main():
    client = MlflowClient(sys.argv[1])
    run = client.create_run(client.create_experiment("bench"), run_name="points")
    now = int(time.time() * 1000)
    batches = [
        [Metric(f"metric_{key}", step * 0.5, now, step) for step in range(1000)]
        for key in range(100)
    ]

    start = time.perf_counter()
    for metrics in batches:
        client.log_batch(run.info.run_id, metrics=metrics)
    print(json.dumps({"seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
