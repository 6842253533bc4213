import { csv, defineDataset, defineFeatures, parquet } from "../../mod.ts";
import { SYNTHETIC_ROW } from "../synthetic.ts";

const DAY = 86_400_000;

/** The synthetic table in a file, given by its path. */
export const synthetic = (path: string) =>
  defineDataset({
    row: SYNTHETIC_ROW,
    target: "plan",
    source: (path.endsWith(".csv") ? csv : parquet)(`file://${path}`, import.meta),
  });

/** Fifty features: the same as in twin/features.py. */
export const fifty = (base: ReturnType<typeof synthetic>) =>
  defineFeatures(base, {
    age: (row) => row.age,
    age_squared: (row) => row.age ** 2,
    is_young: (row) => row.age < 30 ? 1 : 0,
    is_old: (row) => Number(row.age >= 65),
    decade: (row) => Math.floor(row.age / 10),
    id_parity: (row) => row.id % 2,
    balance: (row) => row.balance / 100,
    is_in_debt: (row) => Number(row.balance < 0),
    log_balance: (row) => Math.sign(row.balance) * Math.log1p(Math.abs(row.balance)),
    visits: (row) => row.visits ?? 0,
    has_visits: (row) => Number(row.visits !== null),
    log_visits: (row) => Math.log1p(row.visits ?? 0),
    visits_by_age: (row) => (row.visits ?? 0) / row.age,
    height: (row) => row.height / 100,
    weight: (row) => row.weight,
    body_mass_index: (row) => row.weight / (row.height / 100) ** 2,
    is_heavy: (row) => Number(row.weight / (row.height / 100) ** 2 > 25),
    height_by_weight: (row) => row.height * row.weight,
    price: (row) => row.price,
    log_price: (row) => Math.log(row.price + 1),
    root_price: (row) => Math.sqrt(row.price),
    price_by_rate: (row) => row.price * row.rate,
    price_left: (row) => row.price * (1 - row.rate),
    is_dear: (row) => Number(row.price > 50),
    rate: (row) => row.rate,
    odds: (row) => row.rate / (1.000001 - row.rate),
    x: (row) => row.x,
    y: (row) => row.y,
    x_squared: (row) => row.x * row.x,
    xy: (row) => row.x * row.y,
    distance: (row) => Math.sqrt(row.x * row.x + row.y * row.y),
    angle: (row) => Math.atan2(row.y, row.x),
    sine: (row) => Math.sin(row.x),
    sigmoid: (row) => 1 / (1 + Math.exp(-row.y)),
    larger: (row) => Math.max(row.x, row.y),
    clipped: (row) => Math.min(1, Math.max(-1, row.x)),
    temperature: (row) => row.temperature ?? 20,
    fahrenheit: (row) => (row.temperature ?? 20) * 1.8 + 32,
    is_freezing: (row) => Number(row.temperature !== null && row.temperature < 0),
    score: (row) => row.score ?? -1,
    score_by_x: (row) => (row.score ?? 0) * row.x,
    is_on_phone: (row) => Number(row.device === "phone"),
    is_on_computer: (row) => Number(row.device === "laptop" || row.device === "desktop"),
    is_country_7: (row) => Number(row.country === "country_7"),
    has_segment: (row) => Number(row.segment !== null),
    is_active: (row) => Number(row.active),
    is_subscribed: (row) => Number(row.subscribed === true),
    is_loyal: (row) => Number(row.active && row.subscribed === true),
    days: (row) => row.created_at.getTime() / DAY,
    days_unseen: (row) => row.seen_at === null ? 0 : (row.seen_at.getTime() - row.created_at.getTime()) / DAY,
  });
