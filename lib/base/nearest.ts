import { closestMatch } from "../deps/leven.ts";

/**
 * The candidate that a misspelt name most likely means: at most a third of its letters (or two, or one in names
 * of up to two) are missing, added or wrong. Case doesn't count. `undefined` when nothing is that near.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const folded = candidates.map((candidate) => candidate.toLowerCase());
  const maxDistance = name.length < 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const match = closestMatch(name.toLowerCase(), folded, { maxDistance });
  return match === undefined ? undefined : candidates[folded.indexOf(match)];
}

/** Names in a sentence: `a, b, c`; of more than twelve the first ten and how many there are. */
export function listOf(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(", ")
    : `${names.slice(0, 10).join(", ")}, … (${names.length} in all)`;
}

/** The sentence after an unknown name: `Did you mean "b"?` where one is near, else `There are: a, b, c.` */
export function suggestionOf(name: string, candidates: readonly string[]): string {
  const match = nearest(name, candidates);
  if (match !== undefined) return `Did you mean ${JSON.stringify(match)}?`;
  return candidates.length === 0 ? "There are none." : `There are: ${listOf(candidates)}.`;
}
