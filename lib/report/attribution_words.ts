import { short } from "../document/show.ts";
import type { Attribution } from "../replay/explain/explanation.ts";
import { signed } from "./metric_rows.ts";

/** A metric's value at a mix of past and current parts; or why that mix can't be run. */
export type MixedValue =
  | { readonly value: number; readonly change: number | undefined; readonly share: number | undefined }
  | { readonly reason: string };

/** What each part carries of one metric's change. */
export interface MetricAttribution {
  /** The name of the metric. */
  readonly metric: string;
  /** Its value of all that is past. */
  readonly past: number;
  /** Its value of all that is current. */
  readonly current: number;
  /** Each part, with its share of the whole change from 0 to 1 (beyond that, where another part undoes it). */
  readonly parts: readonly {
    readonly part: string;
    readonly alone: MixedValue;
    readonly in_order: MixedValue;
  }[];
}

/** What each part carries, for each metric that changes. */
export function attributionOf({ past, current, parts }: Attribution): readonly MetricAttribution[] {
  return Object.keys(past).filter((metric) => past[metric] !== current[metric]).map((metric) => {
    const [from, to] = [past[metric] ?? NaN, current[metric] ?? NaN];
    let before: number | undefined = from;
    const mixed = (mix: Readonly<Record<string, number>> | string, base: number | undefined): MixedValue => {
      if (typeof mix === "string") return { reason: mix };
      const value = mix[metric] ?? NaN;
      const change = base === undefined ? undefined : value - base;
      const share = change === undefined ? undefined : change / (to - from);
      return { value, change, share: Number.isFinite(share) ? share : undefined };
    };
    return {
      metric,
      past: from,
      current: to,
      parts: parts.map(({ part, alone, in_order }) => {
        const row = { part, alone: mixed(alone, from), in_order: mixed(in_order, before) };
        before = "value" in row.in_order ? row.in_order.value : undefined;
        return row;
      }),
    };
  });
}

/** Why some mixes can't be run, a sentence each. */
export function unmixable({ parts }: Attribution): readonly string[] {
  return parts.flatMap(({ part, alone, in_order }) => [
    ...(typeof alone === "string" ? [`${part} alone can't be run: ${alone}`] : []),
    ...(typeof in_order === "string" && in_order !== alone
      ? [`${part} in order can't be run: ${in_order}`]
      : []),
  ]);
}

/** A mixed value as its value and its share of the change, where it has one. */
export function mixedCells(mixed: MixedValue): readonly [value: string, share: string] {
  if ("reason" in mixed) return ["can't be run", ""];
  const { value, change, share } = mixed;
  return [
    short(value),
    share === undefined ? signed(change) : `${signed(change)} (${Math.round(share * 100)} %)`,
  ];
}
