import { align, inOrder, pairsIn, type Places, type Sequence } from "./align.ts";
import { addHashes, type Lane, type Side, SIDES } from "./lanes.ts";

/** Which past row is which current row. */
export interface RowMatch {
  /** The current row of each past row, or -1. */
  readonly places: Places;
  /** The rows that are equal in both tables but in another order, as few as can be. */
  readonly reordered: number;
}

/**
 * Matches the rows of two tables without a key, in steps: rows that are equal; rows that are equal but for the columns
 * whose values were replaced, or but for any one column; and of the rest those between the same neighbours, or of the
 * same index where both tables are as long, that have enough of their cells in common.
 */
export function matchRows(lanes: readonly Lane[], rows: Readonly<Record<Side, number>>): RowMatch {
  const open = openRows(lanes, rows);
  pair(open, []);
  const reordered = pairsIn(open.places) - pairsIn(inOrder(open.places));
  if (isOpen(open)) {
    const replaced = lanes.filter((lane) => isReplaced(open, lane));
    if (replaced.length > 0) pair(open, replaced);
    for (const lane of byDifference(open)) pair(open, [lane]);
  }
  if (isOpen(open)) pairNeighbours(open);
  if (isOpen(open) && rows.past === rows.current) pairSameIndex(open);
  return { places: open.places, reordered };
}

/** How many of a column's values are looked for on the other side. */
const SAMPLE = 4096;

/** The match so far, and the rows without one, ascending. */
interface Open extends Record<Side, Int32Array> {
  readonly lanes: readonly Lane[];
  /** The sum of the hashes of each row's cells, on each side: the cells of a column can be taken out again. */
  readonly sums: Readonly<Record<Side, Int32Array>>;
  readonly places: Places;
}

function openRows(lanes: readonly Lane[], { past, current }: Readonly<Record<Side, number>>): Open {
  const open: Open = {
    lanes,
    past: Int32Array.from({ length: past }, (_, row) => row),
    current: Int32Array.from({ length: current }, (_, row) => row),
    sums: { past: new Int32Array(past), current: new Int32Array(current) },
    places: new Int32Array(past).fill(-1),
  };
  for (const side of SIDES) {
    for (const lane of lanes) addHashes(open.sums[side], lane, { side, rows: open[side], times: 1 });
  }
  return open;
}

function isOpen({ past, current }: Open): boolean {
  return past.length > 0 && current.length > 0;
}

/** Pairs the open rows that are equal in all lanes but these, where at least half of the lanes are left. */
function pair(open: Open, without: readonly Lane[]): void {
  const compared = open.lanes.filter((lane) => !without.includes(lane));
  if (without.length > compared.length || (without.length > 0 && !isOpen(open))) return;
  const hashes = bySide((side) => open[side].map((row) => open.sums[side][row]!));
  const add = (lane: Lane, times: 1 | -1) => {
    for (const side of SIDES) addHashes(hashes[side], lane, { side, rows: open[side], times });
  };
  for (const lane of without) add(lane, -1);
  // A row can be told by all columns but one anywhere, by fewer only between the same neighbours.
  if (without.length > 1 || (without.length === 1 && compared.length === 1)) {
    const gaps = gapLane(open);
    compared.push(gaps);
    add(gaps, 1);
  }
  const { past, current } = keysOf(open, hashes, compared);
  const found = align(past, current);
  const taken = new Uint8Array(open.sums.current.length);
  found.forEach((place, at) => {
    if (place < 0) return;
    const row = current.rows[place]!;
    open.places[past.rows[at]!] = row;
    taken[row] = 1;
  });
  open.past = open.past.filter((row) => open.places[row]! < 0);
  open.current = open.current.filter((row) => taken[row] === 0);
}

/**
 * The open rows that may be equal in these lanes to one of the other side, by the hashes of their cells there, each
 * with a key that it shares with the rows it is equal to.
 */
function keysOf(
  open: Open,
  hashes: Readonly<Record<Side, Int32Array>>,
  lanes: readonly Lane[],
): Readonly<Record<Side, Sequence>> {
  const past = meeting({ rows: open.past, hashes: hashes.past }, hashes.current);
  const current = meeting({ rows: open.current, hashes: hashes.current }, past.hashes);
  const rows = past.rows.length + current.rows.length;
  const mask = 2 ** Math.ceil(Math.log2(2 * rows + 1)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);
  // The hash and the row by which each key was met first; the past table's keys come first.
  const met = { hash: new Int32Array(rows), row: new Int32Array(rows) };
  let length = 0;
  const add = (side: Side, { rows, hashes }: Hashed, pastKeys: number): Sequence => {
    const isSame = (key: number, row: number) => {
      const first = key < pastKeys ? "past" : "current";
      for (const lane of lanes) if (lane[first][met.row[key]!] !== lane[side][row]) return false;
      return true;
    };
    const keys = rows.map((row, at) => {
      const hash = hashes[at]!;
      let slot = scatter(hash) >>> 3 & mask;
      for (let key = slots[slot]!; key >= 0; key = slots[slot]!) {
        if (met.hash[key] === hash && isSame(key, row)) return key;
        slot = slot + 1 & mask;
      }
      met.hash[length] = hash;
      met.row[length] = row;
      return slots[slot] = length++;
    });
    return { rows, keys };
  };
  return { past: add("past", past, Infinity), current: add("current", current, length) };
}

/** Rows and the hash of each. */
interface Hashed {
  readonly rows: Int32Array;
  readonly hashes: Int32Array;
}

/** The rows whose hash is among others, and few more: a set of bits stays in the processor's cache, a table doesn't. */
function meeting({ rows, hashes }: Hashed, others: Int32Array): Hashed {
  const size = Math.min(24, Math.ceil(Math.log2(16 * others.length + 8)));
  const bits = new Uint8Array(2 ** size / 8);
  const shift = 32 - size;
  for (let at = 0; at < others.length; at++) {
    const bit = scatter(others[at]!) >>> shift;
    bits[bit >>> 3]! |= 1 << (bit & 7);
  }
  const isMet = (_: number, at: number) => {
    const bit = scatter(hashes[at]!) >>> shift;
    return (bits[bit >>> 3]! & 1 << (bit & 7)) !== 0;
  };
  return { rows: rows.filter(isMet), hashes: hashes.filter(isMet) };
}

/** Spreads the differences of hashes over all bits, the upper ones most. */
function scatter(hash: number): number {
  return Math.imul(hash ^ hash >>> 15, 0x9e3779b1);
}

/** Whether fewer than half of a column's values, or of a sample, are found on the other side, as where it was scaled. */
function isReplaced(open: Open, lane: Lane): boolean {
  const few = open.past.length <= open.current.length ? "past" : "current";
  const many = few === "past" ? "current" : "past";
  const step = Math.ceil(open[few].length / SAMPLE);
  const sample = hashesOf(lane, few, open[few].filter((_, at) => at % step === 0));
  const { hashes } = meeting({ rows: open[many], hashes: hashesOf(lane, many, open[many]) }, sample);
  const counts = new Map<number, number>();
  for (const hash of sample) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  let lost = sample.length;
  for (const hash of hashes) {
    const count = counts.get(hash) ?? 0;
    if (count === 0) continue;
    counts.set(hash, count - 1);
    if (2 * --lost <= sample.length) return false;
  }
  return true;
}

function hashesOf(lane: Lane, side: Side, rows: Int32Array): Int32Array {
  const hashes = new Int32Array(rows.length);
  addHashes(hashes, lane, { side, rows, times: 1 });
  return hashes;
}

/** The lanes, those first in which the open rows, one by one, differ most often. */
function byDifference({ lanes, past, current }: Open): readonly Lane[] {
  const differing = lanes.map((lane) => {
    let count = 0;
    for (let at = 0; at < Math.min(past.length, current.length); at++) {
      if (lane.past[past[at]!] !== lane.current[current[at]!]) count++;
    }
    return { lane, count };
  });
  return differing.sort((a, b) => b.count - a.count).map(({ lane }) => lane);
}

/** The gap that each row is in: how many of the paired rows that are in order come before it. */
function gapLane({ sums, places }: Open): Lane {
  const anchors = inOrder(places);
  const past = new Float64Array(sums.past.length);
  const current = new Float64Array(sums.current.length);
  let [gap, next] = [0, 0];
  for (let row = 0; row < past.length; row++) {
    past[row] = gap;
    if (anchors[row]! < 0) continue;
    current.fill(gap++, next, anchors[row]! + 1);
    next = anchors[row]! + 1;
  }
  current.fill(gap, next);
  return { seed: 0x27d4eb2f, past, current };
}

/** Pairs, in each gap, open rows in their order that have at least half of their cells in common. */
function pairNeighbours(open: Open): void {
  const gaps = gapLane(open);
  const { past, current } = open;
  const taken = new Set<number>();
  let [at, place] = [0, 0];
  while (at < past.length && place < current.length) {
    const gap = Math.max(gaps.past[past[at]!]!, gaps.current[current[place]!]!);
    while (at < past.length && gaps.past[past[at]!]! < gap) at++;
    while (place < current.length && gaps.current[current[place]!]! < gap) place++;
    let [atEnd, placeEnd] = [at, place];
    while (atEnd < past.length && gaps.past[past[atEnd]!] === gap) atEnd++;
    while (placeEnd < current.length && gaps.current[current[placeEnd]!] === gap) placeEnd++;
    while (at < atEnd && place < placeEnd) {
      if (2 * equalCells(open, past[at]!, current[place]!) >= open.lanes.length) {
        taken.add(current[place]!);
        open.places[past[at++]!] = current[place++]!;
      } else {
        const surplus = atEnd - at - (placeEnd - place);
        if (surplus >= 0) at++;
        if (surplus <= 0) place++;
      }
    }
  }
  open.past = past.filter((row) => open.places[row]! < 0);
  open.current = current.filter((row) => !taken.has(row));
}

/** Pairs open rows of the same index that have a cell in common, or that have but one. */
function pairSameIndex(open: Open): void {
  const rows = new Set(open.current);
  for (const row of open.past) {
    if (!rows.has(row)) continue;
    if (open.lanes.length === 1 || equalCells(open, row, row) > 0) open.places[row] = row;
  }
}

function equalCells({ lanes }: Open, past: number, current: number): number {
  let count = 0;
  for (const lane of lanes) if (lane.past[past] === lane.current[current]) count++;
  return count;
}

function bySide<Value>(value: (side: Side) => Value): Readonly<Record<Side, Value>> {
  return { past: value("past"), current: value("current") };
}
