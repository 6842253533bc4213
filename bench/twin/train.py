"""Trains exp_v1 and records it in MLflow."""

import tempfile
from pathlib import Path

import joblib
import mlflow
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline import CONFIG, DATA, SOURCES, contract_of, features_of, load_config, load_data, split_of


def flatten(value, prefix=""):
    params = {}
    for key, member in value.items():
        if isinstance(member, dict):
            params.update(flatten(member, f"{prefix}{key}."))
        else:
            params[prefix + key] = member
    return params


def main():
    config = load_config()
    rows = load_data()
    features = features_of(rows)
    train, test = split_of(config, rows)
    contract = contract_of(config, features, (train, test))

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment(config["experiment"])
    with mlflow.start_run(run_name=config["run"]) as run:
        mlflow.log_params({**flatten(config), **flatten({"contract": contract})})
        dataset = mlflow.data.from_pandas(
            rows, source=str(DATA), targets="species", name=config["data"]["name"]
        )
        mlflow.log_input(dataset, context="training")
        mlflow.log_dict(contract, "contract.json")
        mlflow.log_artifact(str(CONFIG))
        for path in SOURCES:
            mlflow.log_artifact(str(path), "source")

        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(features.iloc[train], rows.species.iloc[train])

        actual = rows.species.iloc[test]
        probabilities = model.predict_proba(features.iloc[test])
        predicted = model.classes_[probabilities.argmax(axis=1)]
        scores = {
            "accuracy": accuracy_score(actual, predicted),
            "macro_f1": f1_score(actual, predicted, average="macro"),
            "log_loss": log_loss(actual, probabilities, labels=model.classes_),
        }
        mlflow.log_metrics(scores)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.joblib"
            joblib.dump(model, path)
            mlflow.log_artifact(str(path), "model")

    print(f"{config['run']} of experiment {config['experiment']}: FINISHED, run {run.info.run_id}")
    for name, value in scores.items():
        print(f"  {name}  {value}")


if __name__ == "__main__":
    main()
