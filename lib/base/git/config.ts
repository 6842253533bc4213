/** Settings of git by their names, such as `remote.origin.url`: section and last part in small letters. */
export interface GitConfig {
  /** The last value of a setting; `""` for one without a value. */
  get(name: string): string | undefined;
  /** Whether a setting is on; undefined where it isn't set. */
  flag(name: string): boolean | undefined;
  /** The names of all settings. */
  readonly names: readonly string[];
}

/** The settings in texts, a later one before an earlier one; undefined where one isn't in git's form. No `include` is followed. */
export function parseConfig(...texts: readonly string[]): GitConfig | undefined {
  const values = new Map<string, string | undefined>();
  for (const text of texts) {
    if (!readInto(values, text)) return undefined;
  }
  return {
    get: (name) => values.has(name) ? values.get(name) ?? "" : undefined,
    flag(name) {
      if (!values.has(name)) return undefined;
      const value = values.get(name)?.toLowerCase();
      // A name alone is on; a name with `=` and nothing after it is off.
      return value === undefined || !["", "false", "no", "off", "0"].includes(value);
    },
    names: [...values.keys()],
  };
}

const SECTION = /\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]/y;
const NAME = /([A-Za-z][A-Za-z0-9-]*)[ \t]*/y;

function readInto(values: Map<string, string | undefined>, source: string): boolean {
  const text = source.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  let section: string | undefined;
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(/(?:\s+|[#;][^\n]*)*/y);
    if (at >= text.length) return true;
    if (text[at] === "[") {
      const [, name, sub] = match(SECTION) ?? [];
      if (name === undefined) return false;
      section = name.toLowerCase() + (sub === undefined ? "" : `.${sub.replace(/\\(.)/g, "$1")}`);
      continue;
    }
    const [, name] = match(NAME) ?? [];
    if (name === undefined || section === undefined) return false;
    let value: string | undefined;
    if (text[at] === "=") {
      const read = valueAt(text, at + 1);
      if (read === undefined) return false;
      value = read.value;
      at = read.end;
    } else if (at < text.length && text[at] !== "\n") return false;
    const key = `${section}.${name.toLowerCase()}`;
    values.delete(key);
    values.set(key, value);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "n": "\n",
  "t": "\t",
  "b": "\b",
  "\\": "\\",
  '"': '"',
};

/** The value from a place on to the end of its line, quotes and escapes undone. */
function valueAt(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  let value = "";
  let kept = 0;
  let quoted = false;
  let at = start;
  for (; at < text.length && text[at] !== "\n"; at++) {
    const char = text[at]!;
    if (!quoted && (char === "#" || char === ";")) {
      while (at < text.length && text[at] !== "\n") at++;
      break;
    }
    if (char === "\\") {
      kept = value.length;
      const next = text[++at];
      if (next === "\n") continue;
      const escaped = next === undefined ? undefined : ESCAPES[next];
      if (escaped === undefined) return undefined;
      value += escaped;
      kept = value.length;
    } else if (char === '"') {
      quoted = !quoted;
      kept = value.length;
    } else if (!quoted && /\s/.test(char)) {
      // White space at either end is none of the value.
      if (value !== "") value += char;
    } else {
      value += char;
      kept = value.length;
    }
  }
  return quoted ? undefined : { value: value.slice(0, kept), end: at };
}
