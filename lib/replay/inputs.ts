import { variableDigest } from "../base/observe/denos.ts";
import { settingNow } from "../base/observe/dates.ts";
import { fileDigest, refusalOf } from "../base/observe/files.ts";
import { inputWords } from "../base/observe/input.ts";
import { inputsIn, isInput, isRepeatable, type NamedInput } from "../contract/inputs.ts";
import type { ContractRecord } from "../contract/record.ts";
import { digestOf } from "../base/digest.ts";

/** The most inputs of a fit that are looked at again; a run itself names fewer. */
const MOST_OF_FIT = 5000;
/** Names of environment variables that may hold what opens something. */
const SECRET = /PASS|TOKEN|SECRET|KEY|CREDENTIAL|AUTH/i;

/** What a run and today's code read besides the declared data, as far as it can be judged. */
export interface JudgedInputs {
  /** Today's contract, with what the run's fit read as it is today. */
  readonly current: ContractRecord;
  /** Whether a clause can be compared. */
  readonly comparable: (clause: string) => boolean;
  /** Why what was read can't be judged. */
  readonly reasons: readonly string[];
}

/**
 * Looks again at what a run's fit read, which today's side doesn't fit: the files below the project, and environment
 * variables by name. What can't be had again is a reason, and so is what an earlier release didn't look for.
 *
 * @param kept The files and folders of the store, which aren't read.
 */
export function judgeInputs(
  past: ContractRecord,
  current: ContractRecord,
  kept: readonly string[],
): JudgedInputs {
  const today = inputsIn(current);
  if (past.observed === undefined) {
    return {
      current,
      comparable: (clause) => !isInput(clause),
      reasons: today.length === 0 ? [] : [
        `The run was recorded before it was observed what code reads by itself, and today's reads ${
          listed(today)
        }.`,
      ],
    };
  }
  const clauses: Record<string, string> = { ...current.clauses };
  const untold = new Set<string>();
  const reasons: string[] = [];
  const before = inputsIn(past);
  const ofFit = before.filter(({ ofFit }) => ofFit);
  if (ofFit.length > MOST_OF_FIT) {
    return {
      current,
      comparable: (clause) => !isInput(clause),
      reasons: [`What the fit read isn't looked at again: the record names ${ofFit.length} things of it.`],
    };
  }
  for (const input of ofFit) {
    const then = past.clauses[input.clause]!;
    const refusal = refusalTo(input, kept);
    if (refusal !== undefined) {
      untold.add(input.clause);
      reasons.push(`The fit read ${placed(input)}, which can't be read again: ${refusal}.`);
      // What is at hand isn't told to whoever wrote the record: only whether it is the same.
    } else clauses[input.clause] = digestNow(input) === then ? then : digestOf(`other than ${then}`);
  }
  const lost = [...before, ...today].filter((input) => !isRepeatable(input));
  const distinct = [...new Map(lost.map((input) => [input.clause, input])).values()];
  for (const input of distinct) {
    if (input.ofFit) clauses[input.clause] = past.clauses[input.clause]!;
  }
  if (distinct.length > 0) {
    reasons.push(`What was read besides the data can't be had again: ${listed(distinct)}.`);
  }
  return { current: { ...current, clauses }, comparable: (clause) => !untold.has(clause), reasons };
}

/** Why something that a record says was read isn't read again; undefined where it is. */
function refusalTo({ kind, name = "" }: NamedInput, kept: readonly string[]): string | undefined {
  if (kind === "file") return refusalOf(name, kept);
  // Whether it is the same would tell whoever wrote the record whether a guess is right.
  return kind === "env" && SECRET.test(name) ? "it may hold a secret" : undefined;
}

/** What the run read besides its data, in words; undefined where that is nothing. */
export function inputsNote(past: ContractRecord): string | undefined {
  const inputs = inputsIn(past);
  return inputs.length === 0 ? undefined : `The run read besides its data: ${listed(inputs)}.`;
}

/** The files and folders that a store of the working directory is in. */
export function placesOf(uri: string): readonly string[] {
  const file = /^sqlite:\/\/\/([^?]+)$/.exec(uri)?.[1];
  return ["mlartifacts", "mlruns", "mlflow.db", ...(file === undefined ? [] : [file])];
}

function digestNow({ kind, name = "" }: NamedInput): string | undefined {
  switch (kind) {
    case "file":
      return fileDigest(name);
    case "env":
      return variableDigest(name);
    case "timezone":
    case "locale":
      return settingNow(kind).digest;
    default:
      return undefined;
  }
}

function placed(input: NamedInput): string {
  const { clause, kind, name = "", asked } = input;
  return `${kind === undefined ? clause : inputWords({ kind, name })}${asked === "" ? "" : ` (${asked})`}`;
}

const listed = (inputs: readonly NamedInput[]) => inputs.map(placed).join(", ");
