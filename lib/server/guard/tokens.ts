import { createHash, timingSafeEqual } from "node:crypto";
import { environmentVariable } from "../../base/environment.ts";
import { ExperimentError } from "../../base/error.ts";

/** What a caller may do: `read` asks for what there is, `run` also starts and cancels jobs. */
export type Role = "read" | "run";

/** The tokens that let callers in, by what they may do. */
export type Tokens = Readonly<Record<Role, readonly string[]>>;

const SHORTEST = 20;

/**
 * Reads tokens from `REPRISE_READ_TOKEN` and `REPRISE_RUN_TOKEN`, and from a file of lines `read TOKEN` and
 * `run TOKEN`, in which empty lines and those that begin with `#` don't count.
 *
 * @returns undefined where neither has any.
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where the file can't be read or a token is too short. The message
 * has no token in it.
 */
export async function readTokens(
  { file, env = environmentVariable }: {
    readonly file?: string | undefined;
    readonly env?: (name: string) => string | undefined;
  } = {},
): Promise<Tokens | undefined> {
  const tokens: Record<Role, string[]> = { read: [], run: [] };
  for (const [role, name] of [["read", "REPRISE_READ_TOKEN"], ["run", "REPRISE_RUN_TOKEN"]] as const) {
    const token = env(name);
    if (token !== undefined) tokens[role].push(checkToken(token, name));
  }
  if (file !== undefined) {
    for (const [index, line] of (await textOf(file)).split("\n").entries()) {
      if (/^\s*(#|$)/.test(line)) continue;
      const place = `${file}:${index + 1}`;
      const [, role, token] = /^(read|run)[ \t]+(\S+)\s*$/.exec(line) ?? [];
      if (role === undefined) {
        throw invalid(`${place}: a line of the token file is neither \`read TOKEN\` nor \`run TOKEN\`.`);
      }
      tokens[role as Role].push(checkToken(token!, place));
    }
    if (tokens.read.length + tokens.run.length === 0) throw invalid(`The token file ${file} has no token.`);
  }
  return tokens.read.length + tokens.run.length === 0 ? undefined : tokens;
}

/**
 * Checks that a server which others can reach has tokens.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it has none.
 */
export function checkExposure(
  { host, tokens }: { readonly host: string; readonly tokens: Tokens | undefined },
): void {
  if (tokens !== undefined || isLoopback(host)) return;
  throw new ExperimentError(
    "INVALID_PARAMETER_VALUE",
    `The server can't listen on ${host} without tokens: anyone who reaches that address could run experiments.`,
    {
      hint:
        "Set REPRISE_RUN_TOKEN to a secret of 20 characters or more (`openssl rand -hex 20` makes one), give " +
        "`--token-file FILE`, or leave `--host` out to listen on 127.0.0.1.",
    },
  );
}

/** Whether an address or name is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Who has a token. */
export interface Bearer {
  readonly role: Role;
  /** What stands for the token wherever it is kept or compared later: a digest, for this use alone. */
  readonly owner: string;
}

/**
 * Makes a function that gives the bearer of a token, undefined for one that isn't of this server. It keeps digests of the
 * tokens, compares with every one of them, and takes the same time wherever they differ.
 */
export function bearerFinder(tokens: Tokens): (token: string) => Bearer | undefined {
  const known = (["read", "run"] as const).flatMap((role) =>
    tokens[role].map((token) => ({
      bearer: { role, owner: digestOf(`reprise/owner/1 ${token}`).toString("hex").slice(0, 32) },
      digest: digestOf(token),
    }))
  );
  return (token) => {
    const asked = digestOf(token);
    let found: Bearer | undefined;
    for (const { bearer, digest } of known) {
      if (timingSafeEqual(digest, asked)) found = bearer;
    }
    return found;
  };
}

const digestOf = (text: string) => createHash("sha256").update(text).digest();

const invalid = (message: string) =>
  new ExperimentError("INVALID_PARAMETER_VALUE", message, {
    hint: "`openssl rand -hex 20` makes a good token.",
  });

function checkToken(token: string, place: string): string {
  if (token.length >= SHORTEST && /^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid(
    `${place}: a token needs at least ${SHORTEST} characters, all of them ASCII and none a space; this one isn't so.`,
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    throw new ExperimentError("INVALID_PARAMETER_VALUE", `The token file ${file} can't be read.`, { cause });
  }
}
