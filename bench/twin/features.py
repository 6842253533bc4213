import numpy as np
import pandas as pd

DAY = 86_400_000


def features_of(row):
    """Fifty features of a data frame: the same as in ours/features.ts."""
    visits = row.visits.fillna(0).astype("float64")
    temperature = row.temperature.fillna(20)
    subscribed = row.subscribed.fillna(False).astype("bool")
    body_mass_index = row.weight / (row.height / 100) ** 2
    created_at, seen_at = milliseconds(row.created_at), milliseconds(row.seen_at)
    return pd.DataFrame({
        "age": row.age,
        "age_squared": row.age**2,
        "is_young": row.age < 30,
        "is_old": row.age >= 65,
        "decade": row.age // 10,
        "id_parity": row.id % 2,
        "balance": row.balance / 100,
        "is_in_debt": row.balance < 0,
        "log_balance": np.sign(row.balance) * np.log1p(row.balance.abs()),
        "visits": visits,
        "has_visits": row.visits.notna(),
        "log_visits": np.log1p(visits),
        "visits_by_age": visits / row.age,
        "height": row.height / 100,
        "weight": row.weight,
        "body_mass_index": body_mass_index,
        "is_heavy": body_mass_index > 25,
        "height_by_weight": row.height * row.weight,
        "price": row.price,
        "log_price": np.log(row.price + 1),
        "root_price": np.sqrt(row.price),
        "price_by_rate": row.price * row.rate,
        "price_left": row.price * (1 - row.rate),
        "is_dear": row.price > 50,
        "rate": row.rate,
        "odds": row.rate / (1.000001 - row.rate),
        "x": row.x,
        "y": row.y,
        "x_squared": row.x * row.x,
        "xy": row.x * row.y,
        "distance": np.sqrt(row.x * row.x + row.y * row.y),
        "angle": np.arctan2(row.y, row.x),
        "sine": np.sin(row.x),
        "sigmoid": 1 / (1 + np.exp(-row.y)),
        "larger": np.maximum(row.x, row.y),
        "clipped": row.x.clip(-1, 1),
        "temperature": temperature,
        "fahrenheit": temperature * 1.8 + 32,
        "is_freezing": row.temperature < 0,
        "score": row.score.fillna(-1),
        "score_by_x": row.score.fillna(0) * row.x,
        "is_on_phone": row.device == "phone",
        "is_on_computer": row.device.isin(["laptop", "desktop"]),
        "is_country_7": row.country == "country_7",
        "has_segment": row.segment.notna(),
        "is_active": row.active,
        "is_subscribed": subscribed,
        "is_loyal": row.active & subscribed,
        "days": created_at / DAY,
        "days_unseen": ((seen_at - created_at) / DAY).fillna(0),
    }).astype("float64")


def milliseconds(moments):
    return (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(milliseconds=1)
