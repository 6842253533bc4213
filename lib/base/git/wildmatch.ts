/** Whether a text is one that a pattern means. */
export type Matcher = (text: string) => boolean;

type Token =
  | { readonly kind: "char"; readonly char: string }
  | { readonly kind: "any" }
  | { readonly kind: "set"; readonly has: (char: string) => boolean }
  | { readonly kind: "star"; readonly slashes: boolean; readonly directories: boolean };

/**
 * A matcher of git's wildcards, `wildmatch.c`; texts and patterns hold a byte a character.
 *
 * @param options.path Whether only `**` crosses a slash.
 * @returns Undefined for a pattern that matches nothing since it isn't closed.
 */
export function wildmatch(pattern: string, { path }: { readonly path: boolean }): Matcher | undefined {
  const tokens = tokensOf(pattern, path);
  return tokens && ((text) => matches(tokens, text, path));
}

/** Follows all ways at once, so that no pattern takes longer than its length by the text's. */
function matches(tokens: readonly Token[], text: string, path: boolean): boolean {
  let places = new Set<number>();
  /** The places that were come to from before, not from themselves: there `**` and its slash may stand for nothing. */
  let entered = new Set<number>();
  const enter = (place: number, into: Set<number>) => {
    for (let at = place; !entered.has(at); at++) {
      entered.add(at);
      into.add(at);
      const token = tokens[at];
      if (token?.kind !== "star") return;
      if (token.directories) enter(at + 2, into);
    }
  };
  enter(0, places);
  for (const char of text) {
    const next = new Set<number>();
    entered = new Set();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined) continue;
      if (token.kind === "star") {
        if (!token.slashes && char === "/") continue;
        next.add(place);
        enter(place + 1, next);
      } else if (
        token.kind === "char"
          ? token.char === char
          : !(path && char === "/") && (token.kind === "any" || token.has(char))
      ) enter(place + 1, next);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(tokens.length);
}

function tokensOf(pattern: string, path: boolean): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === "\\") {
      const next = pattern[++at];
      if (next === undefined) return undefined;
      tokens.push({ kind: "char", char: next });
    } else if (char === "?") tokens.push({ kind: "any" });
    else if (char === "*") {
      const start = at;
      while (pattern[at + 1] === "*") at++;
      const rest = pattern.slice(at + 1);
      const whole = at > start && (start === 0 || pattern[start - 1] === "/") && /^(\\?\/|$)/.test(rest);
      tokens.push({ kind: "star", slashes: !path || whole, directories: path && whole && rest[0] === "/" });
    } else if (char === "[") {
      const set = setAt(pattern, at + 1);
      if (set === undefined) return undefined;
      tokens.push({ kind: "set", has: set.has });
      at = set.end;
    } else tokens.push({ kind: "char", char });
  }
  return tokens;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[A-Fa-f0-9]/,
};

/** The set whose first character is at `start`, and where its bracket closes. */
function setAt(
  pattern: string,
  start: number,
): { readonly has: (char: string) => boolean; readonly end: number } | undefined {
  const negated = pattern[start] === "!" || pattern[start] === "^";
  const tests: ((char: string) => boolean)[] = [];
  let before = "";
  let at = negated ? start + 1 : start;
  for (let first = true; first || pattern[at] !== "]"; first = false, at++) {
    let char = pattern[at];
    if (char === undefined) return undefined;
    const next = pattern[at + 1];
    if (char === "-" && before !== "" && next !== undefined && next !== "]") {
      let last = pattern[++at]!;
      if (last === "\\") {
        const escaped = pattern[++at];
        if (escaped === undefined) return undefined;
        last = escaped;
      }
      const low = before;
      tests.push((one) => one >= low && one <= last);
      before = "";
      continue;
    }
    if (char === "[" && next === ":") {
      const close = pattern.indexOf("]", at + 2);
      if (close < 0) return undefined;
      if (close > at + 2 && pattern[close - 1] === ":") {
        const known = CLASSES[pattern.slice(at + 2, close - 1)];
        if (known === undefined) return undefined;
        tests.push((one) => known.test(one));
        at = close;
        before = "";
        continue;
      }
    }
    if (char === "\\") {
      char = pattern[++at];
      if (char === undefined) return undefined;
    }
    const literal = char;
    tests.push((one) => one === literal);
    before = literal;
  }
  return { has: (char) => tests.some((test) => test(char)) !== negated, end: at };
}
