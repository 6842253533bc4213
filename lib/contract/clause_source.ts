import { placeOf } from "../data/place.ts";
import type { SourceDigest } from "../source/source.ts";

/** What the digest of a clause was made of. */
export interface ClauseSource {
  /** The canonical text: numbered sections in the order of discovery. */
  readonly canonical: string;
  /** What each section is of, in the same order. */
  readonly declarations: readonly CodeDeclaration[];
}

/** A declaration, or whatever else is a section of canonical text. */
export interface CodeDeclaration {
  /** The path relative to the project, or a URL; empty for what is in no module. */
  readonly file: string;
  /** The declared name, the path to an expression, `side effects`, `json`, `text`, or a leaf such as `npm:zod#z`. */
  readonly name: string;
  /** The 1-based first line; 0 where there is none. */
  readonly line: number;
  /** The 1-based last line; 0 where there is none, or where other code lies in between. */
  readonly end: number;
  /** The canonical text with the names that the source has. */
  readonly text: string;
}

/** What a clause's source digest was made of, each declaration with its file's path below the working directory. */
export function clauseSourceOf({ canonical, declarations }: SourceDigest): ClauseSource {
  return {
    canonical,
    declarations: declarations.map(({ module, ...rest }) => ({
      file: module === "" ? "" : placeOf(module),
      ...rest,
    })),
  };
}
