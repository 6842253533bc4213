/** A fenced block of a page. */
export interface Block {
  /** The page's path in this checkout. */
  readonly page: string;
  /** The line of its fence, from 1. */
  readonly line: number;
  /** What stands behind the fence: the language, and what is to be done with it. */
  readonly language: string;
  readonly word: string;
  readonly text: string;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined;
  markdown.split("\n").forEach((line, index) => {
    const fence = /^ *```(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (!open) open = { line: index + 1, info: fence[1]!.trim(), lines: [] };
    else {
      const [language = "", word = ""] = open.info.split(" ");
      blocks.push({ page, line: open.line, language, word, text: `${open.lines.join("\n")}\n` });
      open = undefined;
    }
  });
  if (open) throw new Error(`${page}:${open.line}: a block without an end`);
  return blocks;
}

/** The targets of a page's links. */
export function linksOf(markdown: string): readonly string[] {
  return [...proseOf(markdown).replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) =>
    target!
  );
}

/** What a link may name behind `#`: the headings of a page, as GitHub and others make ids of them. */
export function anchorsOf(markdown: string): readonly string[] {
  const counts = new Map<string, number>();
  return [...proseOf(markdown).matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => {
    const id = heading!.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "").trim().replaceAll(" ", "-");
    const count = counts.get(id) ?? 0;
    counts.set(id, count + 1);
    return count === 0 ? id : `${id}-${count}`;
  });
}

const proseOf = (markdown: string): string => markdown.replace(/^ *```[\s\S]*?^ *```$/gm, "");

/** A command of a transcript, and what it is shown to print. */
export interface Exchange {
  readonly command: string;
  readonly shown: string;
}

/** The commands of a transcript: each after a `$`, with the lines that it prints below it. */
export function exchangesOf(text: string): readonly Exchange[] {
  return text.split(/^\$ /m).slice(1).map((part) => {
    const command = /^(?:.*\\\n)*.*\n/.exec(part)![0];
    return { command, shown: part.slice(command.length) };
  });
}

/**
 * Whether a command printed what a page shows, where `…` stands for any text and alone on a line for any lines, digests and
 * ids for others of their kind, and a gap between columns for one of any width.
 */
export function isAsShown(shown: string, printed: string): boolean {
  const pattern = masked(shown).split("\n").map((line) =>
    line === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(RegExp.escape).join(".*")}\\n`
  ).join("");
  return new RegExp(`^${pattern}$`).test(`${masked(printed)}\n`);
}

const masked = (text: string): string =>
  text.trimEnd().replace(/\b[0-9a-f]{12,64}\b/g, "0123456789ab").replace(/ {2,}/g, "  ").replace(/ +$/gm, "");
