/** Rows in the order of their table, each with a key that equal rows share. */
export interface Sequence {
  /** The rows' indices in the table, ascending. */
  readonly rows: Int32Array;
  /** The key of each row: a number from 0 on. */
  readonly keys: Int32Array;
}

/** Where members of one sequence are in another: a place, or -1 where it has none. */
export type Places = Int32Array;

/** Up to how many pairs of equal rows the longest chain is searched for exactly. */
const MOST_PAIRS = 2 ** 22;
/** Beyond that, how many rows are looked ahead for where two sequences go on alike, and for how many rows they must. */
const REACH = 64;
const ALIKE = 8;

/**
 * Pairs the rows of two sequences that have the same key: as many as there are, and among these ways one that keeps
 * the most rows in order. Of several, the one that pairs rows of the same index is taken. The order is exact up to
 * `MOST_PAIRS` pairs of equal rows outside of the common beginning and end, and a good one above that.
 *
 * @returns the place of each past row in the current sequence.
 */
export function align(past: Sequence, current: Sequence): Places {
  const places = new Int32Array(past.keys.length).fill(-1);
  let [start, pastEnd, currentEnd] = [0, past.keys.length, current.keys.length];
  while (start < Math.min(pastEnd, currentEnd) && past.keys[start] === current.keys[start]) {
    places[start] = start++;
  }
  while (Math.min(pastEnd, currentEnd) > start && past.keys[pastEnd - 1] === current.keys[currentEnd - 1]) {
    places[--pastEnd] = --currentEnd;
  }
  if (start === pastEnd || start === currentEnd) return places;
  const between = alignMiddle(slice(past, start, pastEnd), slice(current, start, currentEnd));
  between.forEach((place, at) => places[start + at] = place < 0 ? -1 : start + place);
  return places;
}

/** Keeps as many of the places as can be in ascending order. */
export function inOrder(places: Places): Places {
  const starts = new Int32Array(places.length + 1);
  const list = places.filter((place) => place >= 0);
  places.forEach((place, at) => starts[at + 1] = starts[at]! + (place < 0 ? 0 : 1));
  return longestChain(Int32Array.from(places, (_, at) => at), { starts, list });
}

/** How many members have a place. */
export function pairsIn(places: Places): number {
  return places.reduce((sum, place) => place < 0 ? sum : sum + 1, 0);
}

function slice({ rows, keys }: Sequence, start: number, end: number): Sequence {
  return { rows: rows.subarray(start, end), keys: keys.subarray(start, end) };
}

function alignMiddle(past: Sequence, current: Sequence): Places {
  const choices = choicesOf(past, current);
  const { starts, list } = choices;
  let pairs = 0;
  for (const key of past.keys) pairs += starts[key + 1]! - starts[key]!;
  const same = sameIndex(past, current);
  const chain = pairs <= MOST_PAIRS ? longestChain(past.keys, choices) : walk(past.keys, current.keys);
  const places = pairsIn(chain) > pairsIn(same) ? chain : same;
  // The rest is paired too, out of order.
  const taken = new Uint8Array(current.keys.length);
  for (const place of places) if (place >= 0) taken[place] = 1;
  const next = starts.slice();
  past.keys.forEach((key, at) => {
    if (places[at]! >= 0) return;
    while (next[key]! < starts[key + 1]! && taken[list[next[key]!]!]) next[key]!++;
    if (next[key]! < starts[key + 1]!) places[at] = list[next[key]!++]!;
  });
  return places;
}

/** The places that each key can go to: those from `starts[key]` up to `starts[key + 1]` in the list, ascending. */
interface Choices {
  readonly starts: Int32Array;
  readonly list: Int32Array;
}

function choicesOf(past: Sequence, current: Sequence): Choices {
  let keys = 0;
  for (const sequence of [past, current]) for (const key of sequence.keys) keys = Math.max(keys, key + 1);
  const starts = new Int32Array(keys + 1);
  for (const key of current.keys) starts[key + 1]!++;
  for (let key = 0; key < keys; key++) starts[key + 1]! += starts[key]!;
  const next = starts.slice();
  const list = new Int32Array(current.keys.length);
  current.keys.forEach((key, at) => list[next[key]!++] = at);
  return { starts, list };
}

/** The most keys that can go to ascending places: J. W. Hunt and T. G. Szymanski, Comm. ACM 20 (1977). */
function longestChain(keys: Int32Array, { starts, list }: Choices): Places {
  // Of the chains of each length, the one that ends first: where it ends, and its last link.
  const ends = new Int32Array(Math.min(keys.length, list.length));
  const last = new Int32Array(ends.length);
  let length = 0;
  const links: { at: number[]; place: number[]; before: number[] } = { at: [], place: [], before: [] };
  keys.forEach((key, at) => {
    for (let choice = starts[key + 1]! - 1; choice >= starts[key]!; choice--) {
      const place = list[choice]!;
      let [low, high] = [0, length];
      if (length > 0 && ends[length - 1]! < place) low = length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (ends[middle]! < place) low = middle + 1;
        else high = middle;
      }
      if (low < length && ends[low] === place) continue;
      ends[low] = place;
      last[low] = links.at.push(at) - 1;
      links.place.push(place);
      links.before.push(low > 0 ? last[low - 1]! : -1);
      if (low === length) length++;
    }
  });
  const places = new Int32Array(keys.length).fill(-1);
  for (let link = length > 0 ? last[length - 1]! : -1; link >= 0; link = links.before[link]!) {
    places[links.at[link]!] = links.place[link]!;
  }
  return places;
}

/** Pairs rows of the same index. */
function sameIndex(past: Sequence, current: Sequence): Places {
  const places = new Int32Array(past.keys.length).fill(-1);
  let place = 0;
  past.rows.forEach((row, at) => {
    while (place < current.rows.length && current.rows[place]! < row) place++;
    if (current.rows[place] === row && current.keys[place] === past.keys[at]) places[at] = place;
  });
  return places;
}

/** Pairs rows while both sequences go on alike, and after a difference looks for where they do so again. */
function walk(past: Int32Array, current: Int32Array): Places {
  const places = new Int32Array(past.length).fill(-1);
  const isAlike = (at: number, place: number) => {
    const end = Math.min(ALIKE, past.length - at, current.length - place);
    for (let next = 0; next < end; next++) if (past[at + next] !== current[place + next]) return false;
    return end > 0;
  };
  let [at, place] = [0, 0];
  while (at < past.length && place < current.length) {
    if (past[at] === current[place]) {
      places[at++] = place++;
      continue;
    }
    let skip = 1;
    if (!isAlike(at + 1, place + 1)) {
      while (skip <= REACH && !isAlike(at, place + skip) && !isAlike(at + skip, place)) skip++;
    } else skip = REACH + 1;
    if (skip > REACH) {
      at++;
      place++;
    } else if (isAlike(at, place + skip)) place += skip;
    else at += skip;
  }
  return places;
}
