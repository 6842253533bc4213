import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "../deps/yaml.ts";
import { quote, shorten, show } from "./show.ts";
import { MAX_DEPTH, type Path, type Place, type Problem, TOO_DEEP, type Tree } from "./tree.ts";

/** What YAML text holds: its tree (absent when the text isn't one YAML document) and all that is wrong with it. */
export interface Reading {
  readonly tree?: Tree;
  readonly problems: readonly Problem[];
}

/** What is said of a tag. */
export const NO_TAGS = "a tag (!name) isn't read here: remove it";

const MAX_ALIASED = 10_000;

/**
 * The tree of a parsed YAML node. Aliases become copies, so that it has neither cycles nor shared parts; merge keys
 * are resolved, a map's own keys first.
 */
export function readTree(root: unknown, placeAt: (offset: number) => Place): Reading {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let outermost: { readonly at: Place; readonly path: Path } | undefined;
  let aliased = 0;

  const report = (place: Place, path: Path, message: string) => {
    problems.push({ place, path, message });
  };

  function read(node: unknown, path: Path, key?: Place): Tree {
    const isKnown = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
    const at = isKnown ? placeAt(offsetOf(node)) : key ?? placeAt(0);
    const leaf = (value: unknown): Tree => ({ at, key: key ?? at, kind: "leaf", value });
    const fail = (message: string) => {
      report(at, path, message);
      return leaf(null);
    };
    if (!isKnown) return leaf(null);
    if (open.size > MAX_DEPTH) return fail(TOO_DEEP);
    if (outermost !== undefined && aliased++ >= MAX_ALIASED) {
      if (aliased === MAX_ALIASED + 1) {
        report(outermost.at, outermost.path, `aliases stand for more than ${MAX_ALIASED} values`);
      }
      return leaf(null);
    }
    if (isAlias(node)) {
      const name = `*${shorten(node.source)}`;
      const target = anchors.get(node.source);
      if (target === undefined) return fail(`${name} stands for nothing above it`);
      if (open.has(target)) return fail(`${name} stands for a value that contains it`);
      const isOutermost = outermost === undefined;
      outermost ??= { at, path };
      const tree = read(target, path, key ?? at);
      if (isOutermost) outermost = undefined;
      return tree;
    }
    note(node, at, path);
    if (isScalar(node)) return leaf(readScalar(node, at, path));
    open.add(node);
    const tree: Tree = isMap(node)
      ? { at, key: key ?? at, kind: "map", entries: readEntries(node, path) }
      : { at, key: key ?? at, kind: "list", items: node.items.map((item, i) => read(item, [...path, i])) };
    open.delete(node);
    return tree;
  }

  function note(node: Node, at: Place, path: Path): void {
    if (isAlias(node)) return;
    if (node.tag !== undefined) report(at, path, NO_TAGS);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
  }

  function readEntries(map: YAMLMap, path: Path): ReadonlyMap<string, Tree> {
    const own = new Map<string, Tree>();
    const merged = new Map<string, Tree>();
    for (const pair of map.items) {
      const at = placeAt(offsetOf(pair.key));
      const key = isAlias(pair.key) ? anchors.get(pair.key.source) : pair.key;
      if (isScalar(key) && key.type === "PLAIN" && key.source === "<<") {
        const value = read(pair.value, path, at);
        for (const source of value.kind === "list" ? value.items : [value]) {
          if (source.kind !== "map") report(source.at, [...path, "<<"], "takes a map, or a list of maps");
          else source.entries.forEach((child, name) => merged.has(name) || merged.set(name, child));
        }
        continue;
      }
      const name = readKey(key, at, path);
      if (name === undefined) continue;
      const child = read(pair.value, [...path, name], at);
      if (own.has(name)) report(at, [...path, name], "the key is there twice");
      else own.set(name, child);
    }
    return new Map([...merged, ...own]);
  }

  function readKey(key: unknown, at: Place, path: Path): string | undefined {
    if (!isScalar(key)) return void report(at, [...path, "?"], "expected a text as a key");
    const { value, source = "", type } = key;
    note(key, at, path);
    if (value === "__proto__") return void report(at, [...path, value], "can't be a key");
    const isPlain = type !== "PLAIN" || plainNumberOf(source) === undefined;
    if (isPlain && typeof value === "string" && value.isWellFormed()) return value;
    if (Number.isSafeInteger(value) && source === String(value)) return source;
    return void report(at, [...path, source], "expected a text as a key: quote it");
  }

  function readScalar({ value, source = "", type }: Scalar, at: Place, path: Path): unknown {
    const plain = type === "PLAIN" ? plainNumberOf(source) : undefined;
    const found = `found ${shorten(source)}`;
    if (plain !== undefined) {
      report(at, path, `expected a plain number, ${found}: write ${plain}, or ${quote(source)} for a text`);
    } else if (typeof value === "number" && !Number.isFinite(value)) {
      report(at, path, `expected a finite number, ${found}`);
    } else if (
      typeof value === "number" && /^([-+]?\d+|0x.*)$/.test(source) && !Number.isSafeInteger(value)
    ) {
      report(at, path, `expected a whole number of at most ${Number.MAX_SAFE_INTEGER}, ${found}`);
    } else if (typeof value === "string" && !value.isWellFormed()) {
      report(at, path, `expected Unicode text, found ${show(value)}`);
    }
    return value;
  }

  return { tree: read(root, []), problems };
}

function offsetOf(node: unknown): number {
  return (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined) ?? 0;
}

/** How to write a number that YAML 1.1 and 1.2 read unlike each other, as `10` for `010`; else `undefined`. */
function plainNumberOf(source: string): string | undefined {
  const [, sign, rest = ""] = /^([-+]?)([\d.].*)$/s.exec(source) ?? [];
  const digits = rest.replaceAll("_", "");
  if (rest === digits && !/^0[ob\d]/i.test(rest)) return undefined;
  if (!/^(0o[0-7]+|0b[01]+|0x[\da-f]+|\d+\.?\d*(e[-+]?\d+)?|\.\d+(e[-+]?\d+)?)$/i.test(digits)) {
    return undefined;
  }
  return `${sign === "-" ? "-" : ""}${Number(digits)}`;
}
