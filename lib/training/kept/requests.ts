/** What a module imports: a specifier, the type of data where it is of no code, and whether it is by `import()`. */
export interface ModuleRequest {
  readonly specifier: string;
  readonly type: string | undefined;
  readonly isDynamic: boolean;
}

/**
 * What a module's text imports, re-exports and loads by `import()` of a literal; types are left out.
 *
 * @throws For a text that is no module.
 */
export async function requestsIn(text: string): Promise<readonly ModuleRequest[]> {
  return plainRequestsIn(text) ?? await lexedRequestsIn(text);
}

const TYPE = String.raw`type["']?\s*:\s*["'](\w+)["'],?\s*\}`;
const STATIC = new RegExp(
  String
    .raw`^(import|export)\b(\s+type\b(?!\s+from\b|\s*,))?([^"'\x60=();]*?\bfrom)?\s*(["'])([^"'\\\n]+)\4` +
    String.raw`(?:\s*with\s*\{\s*["']?${TYPE})?`,
  "gm",
);
const DYNAMIC = new RegExp(
  String.raw`(\btypeof\s+)?\bimport\(\s*(["'])([^"'\\\n]+)\2\s*` +
    String.raw`(?:,\s*\{\s*["']?with["']?\s*:\s*\{\s*["']?${TYPE},?\s*\})?,?\s*\)(\s*\.)?`,
  "g",
);
/** The `import()` of what is no literal. */
const COMPUTED = /\bimport\(\s*(?=[\w$([])/g;
/** Whatever could be an import or a re-export, however it is written. */
const IMPORTS =
  /(?<=(?:^|[;}/])[ \t]*)import\b\s*(?:[{*"'/]|[\w$]+\s*(?:,\s*[{*/]|[=/]|from\b)|(?:type|defer|source)\b)|(?<![."'`\w$])import\s*(?:\((?!\s*\))|\/)/gm;
const EXPORTS = /(?<=(?:^|[;}/])[ \t]*)export\b\s*(?:$|(?:type\b\s*)?(?:[*/]|\{[^}]*\}\s*(?:from\b|\/)))/gm;
/** A line that is nothing but a comment. */
const COMMENT = /^[ \t]*(?:\/\/|\*(?!.*\bimport\s*\()|\/\*)(?!.*\*\/[ \t]*\S).*$/gm;

/**
 * The same for most modules, as they are written, without the lexer, whose start alone takes longer than this for a
 * hundred of them; undefined where a word could be an import that isn't written so.
 */
export function plainRequestsIn(text: string): readonly ModuleRequest[] | undefined {
  const code = text.replace(COMMENT, "");
  const statics = [...code.matchAll(STATIC)];
  const dynamics = [...code.matchAll(DYNAMIC)];
  const countOf = (pattern: RegExp) => code.match(pattern)?.length ?? 0;
  const isPlain =
    countOf(IMPORTS) === statics.filter(([, word]) => word === "import").length + dynamics.length +
        countOf(COMPUTED) &&
    countOf(EXPORTS) === statics.filter(([, word]) => word === "export").length &&
    // What follows a first template may be in one.
    !statics.some(({ index }) => code.lastIndexOf("`", index) >= 0) &&
    // A member of a type, or of a promise.
    !dynamics.some(([, isType, , , , member]) => isType === undefined && member !== undefined);
  if (!isPlain) return undefined;
  const requests = [
    ...statics.flatMap(([, , isType, , , specifier, type]) =>
      isType === undefined ? [{ specifier: specifier!, type, isDynamic: false }] : []
    ),
    ...dynamics.flatMap(([, isType, , specifier, type]) =>
      isType === undefined ? [{ specifier: specifier!, type, isDynamic: true }] : []
    ),
  ];
  // What only looks like an import, in a text, must not be asked of a host.
  return requests.some(({ specifier }) => /^https?:|\$\{/.test(specifier)) ? undefined : requests;
}

/** The same for any module. */
export async function lexedRequestsIn(text: string): Promise<readonly ModuleRequest[]> {
  const { init, parse } = await import("../../deps/es_module_lexer.ts");
  await init;
  return parse(text)[0].flatMap((each) => {
    const { specifier } = each;
    if (each.type === "import-meta" || specifier == null) return [];
    const isDynamic = each.type === "dynamic";
    if (isDynamic ? each.glob || each.probablyTypeOnly : each.typeOnly) return [];
    const attributes = each.attributesStart < 0 ? "" : text.slice(each.attributesStart, each.importEnd);
    return [{ specifier, type: new RegExp(`\\b${TYPE}`).exec(attributes)?.[1], isDynamic }];
  });
}
