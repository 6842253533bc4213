"""Recomputes the contract of the newest finished run of exp_v1, and says whether it could be run again."""

import sys

import mlflow

from pipeline import contract_of, features_of, load_config, load_data, split_of


def main():
    config = load_config()
    client = mlflow.MlflowClient("sqlite:///mlflow.db")
    experiment = client.get_experiment_by_name(config["experiment"])
    runs = client.search_runs(
        [experiment.experiment_id],
        filter_string=f"attributes.run_name = '{config['run']}' AND attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    if not runs:
        sys.exit(f"There is no finished run {config['run']}.")
    prefix = "contract."
    recorded = {
        key.removeprefix(prefix): value
        for key, value in runs[0].data.params.items()
        if key.startswith(prefix)
    }

    rows = load_data()
    current = contract_of(config, features_of(rows), split_of(config, rows))
    drifts = 0
    for clause in sorted(recorded.keys() | current.keys()):
        before, now = recorded.get(clause, "-"), current.get(clause, "-")
        drifts += before != now
        print(f"{clause:32}{before[:12]:14}{now[:12]:14}{'same' if before == now else 'DRIFT'}")
    print(f"run {runs[0].info.run_id}: {'rerun blocked due to drift' if drifts else 'safe to rerun'}")
    return 1 if drifts else 0


if __name__ == "__main__":
    sys.exit(main())
