"""Writes the synthetic table as Parquet, or times the reading and hashing of it, or fifty features of it."""

import hashlib
import json
import sys
import time

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from features import features_of
from peak import peak_megabytes

CATEGORIES = ["country", "plan", "device", "segment"]
MOMENTS = ["created_at", "seen_at"]


def write_parquet(source, target):
    types = {name: pa.timestamp("ms", tz="UTC") for name in MOMENTS}
    types |= {name: pa.dictionary(pa.int32(), pa.string()) for name in CATEGORIES}
    types |= {"temperature": pa.float64(), "score": pa.float64(), "visits": pa.int64()}
    options = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    with pa.csv.open_csv(source, convert_options=options) as batches:
        with pa.parquet.ParquetWriter(target, batches.schema) as file:
            group = []
            for batch in batches:
                group.append(batch)
                if sum(map(len, group)) >= 100_000:
                    file.write_table(pa.Table.from_batches(group))
                    group = []
            if group:
                file.write_table(pa.Table.from_batches(group))


def read(path, engine):
    if path.endswith(".parquet"):
        return pd.read_parquet(path).astype({"subscribed": "boolean"})
    types = {name: "category" for name in CATEGORIES}
    types |= {"visits": "Int64", "active": "bool", "subscribed": "boolean"}
    return pd.read_csv(path, dtype=types, parse_dates=MOMENTS, engine=engine)


def digest_of(frame):
    hashes = pd.util.hash_pandas_object(frame, index=False)
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()


def main():
    job, path, *rest = sys.argv[1:]
    if job == "write":
        return write_parquet(path, *rest)
    if job == "read":
        start = time.perf_counter()
        found = digest_of(read(path, *rest))
        seconds = time.perf_counter() - start
    else:
        frame = read(path, "c")
        start = time.perf_counter()
        features = features_of(frame)
        seconds = time.perf_counter() - start
        found = features.mean().to_dict()
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes(), "found": found}))


if __name__ == "__main__":
    main()
