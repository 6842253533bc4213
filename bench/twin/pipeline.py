"""The experiment exp_v1: its data, features, split and contract."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import yaml
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
CONFIG = PROJECT / "configs" / "exp_v1.yaml"
DATA = PROJECT / "registries" / "datasets" / "iris_v1.csv"
SOURCES = [HERE / "pipeline.py", HERE / "train.py"]
PACKAGES = ["scikit-learn", "numpy", "pandas"]


def load_config():
    return yaml.safe_load(CONFIG.read_text())


def load_data():
    return pd.read_csv(DATA)


def features_of(rows):
    return pd.DataFrame({
        "sepal_length": rows.sepal_length,
        "sepal_width": rows.sepal_width,
        "petal_length": rows.petal_length,
        "petal_width": rows.petal_width,
        "petal_area": rows.petal_length * rows.petal_width,
        "petal_shape": rows.petal_length / rows.petal_width,
        "sepal_shape": rows.sepal_length / rows.sepal_width,
    })


def split_of(config, rows):
    """The positions of the train and of the test rows."""
    split = config["split"]
    return train_test_split(
        range(len(rows)),
        test_size=split["test"],
        stratify=rows.species if split["stratify"] else None,
        random_state=config["seed"],
    )


def contract_of(config, features, split):
    """What a run is made of, as clause -> SHA-256 or version."""
    train, test = split
    contract = {
        "config": sha256(json.dumps(config, sort_keys=True).encode()),
        "data": sha256(DATA.read_bytes()),
        "split": sha256(json.dumps([train, test]).encode()),
    }
    for name, values in features.items():
        contract[f"features.{name}"] = sha256(values.to_numpy().tobytes())
    for path in SOURCES:
        contract[f"source.{path.name}"] = sha256(path.read_bytes())
    for package in PACKAGES:
        contract[f"packages.{package}"] = version(package)
    return contract


def sha256(content):
    return hashlib.sha256(content).hexdigest()
