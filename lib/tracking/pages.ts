import { now } from "../base/environment.ts";
import { beyondLimit, LIMITS } from "./limits.ts";

/** Watches over a list that is read page by page, so that it ends whatever the store says. */
export class Pages {
  readonly #what: string;
  readonly #until: number = now() + LIMITS.wholeMs;
  readonly #tokens = new Set<string>();
  #items = 0;

  readonly #most: number;

  /** Watches over the list of `what`, which has so many items at most. */
  constructor(what: string, most: number = LIMITS.rows) {
    this.#what = what;
    this.#most = most;
  }

  /**
   * The token by which to ask for the page after one of so many items; undefined after the last.
   *
   * @throws {ExperimentError} `INVALID_STATE` for a list that goes beyond the limits, or in a circle.
   */
  after(items: number, token: string | undefined): string | undefined {
    if (!token) return undefined;
    this.#items += items;
    if (this.#tokens.has(token)) throw beyondLimit(this.#what, "one list, as its pages go in a circle");
    this.#tokens.add(token);
    if (this.#tokens.size >= LIMITS.pages) throw beyondLimit(this.#what, `${LIMITS.pages} pages`);
    if (this.#items > this.#most) throw beyondLimit(this.#what, `${this.#most} items`);
    if (now() > this.#until) throw beyondLimit(this.#what, `${LIMITS.wholeMs / 1000} seconds give`);
    return token;
  }
}
