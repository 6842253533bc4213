import { type Input, inputIn, isUnrepeatable, nameOf } from "../base/observe/input.ts";
import { loadedInputs } from "../base/observe/scope.ts";
import { unseenInput } from "../base/observe/unseen.ts";
import type { SourceReader } from "../source/source.ts";
import { type ContractRecord, type Evidence, inOrder } from "./record.ts";

/** What the clauses of what code read by itself begin with: when the rows and features were made, and in a fit. */
const MADE = "inputs.";
const FIT = "inputs.fit.";

/** What modules read by themselves when they were loaded, and which of them can't have been observed then. */
export async function inputsOfLoading(
  modules: readonly string[],
  reader: Pick<SourceReader, "text">,
): Promise<readonly Input[]> {
  const unseen = await Promise.all(
    modules.map(async (module) => unseenInput(module, await reader.text(module))),
  );
  return [...loadedInputs(modules), ...unseen.flatMap((input) => input ?? [])];
}

/** The clauses of inputs, and what stands behind them. */
export function inputClauses(
  inputs: readonly Input[],
  prefix: typeof MADE | typeof FIT = MADE,
): Pick<ContractRecord, "clauses" | "evidence"> {
  const entries = inputs.map((input) => [prefix + nameOf(input), input] as const);
  return {
    clauses: Object.fromEntries(entries.map(([clause, { digest }]) => [clause, digest])),
    evidence: Object.fromEntries(entries.map(([clause, { value, by }]): [string, Evidence] => [
      clause,
      { ...(value === undefined ? {} : { value }), asked: by.place },
    ])),
  };
}

/**
 * A contract with what the fit read by itself, which is only known when that is done; without what the contract has
 * already, as the rows and features read the same.
 */
export function withFitInputs(record: ContractRecord, inputs: readonly Input[]): ContractRecord {
  const late = inputs.filter((input) => record.clauses[MADE + nameOf(input)] !== input.digest);
  if (late.length === 0) return record;
  const { clauses, evidence } = inputClauses(late, FIT);
  return {
    ...record,
    clauses: inOrder({ ...record.clauses, ...clauses }),
    evidence: { ...record.evidence, ...evidence },
  };
}

/** An input that a contract names. */
export interface NamedInput extends Partial<Pick<Input, "kind" | "name">> {
  readonly clause: string;
  /** Whether a fit read it, which `contract` doesn't do. */
  readonly ofFit: boolean;
  /** The file and line that asked for it. */
  readonly asked: string;
}

/** The inputs that a contract names; without a kind where that is of a later release. */
export function inputsIn({ clauses, evidence }: ContractRecord): readonly NamedInput[] {
  return Object.keys(clauses).filter(isInput).map((clause) => {
    const ofFit = clause.startsWith(FIT);
    const asked = evidence[clause]?.asked ?? "";
    return { clause, ofFit, asked, ...inputIn(clause.slice((ofFit ? FIT : MADE).length)) };
  });
}

/** Whether a clause is of what code read by itself. */
export function isInput(clause: string): boolean {
  return clause.startsWith(MADE);
}

/** Whether what an input gave can be had again, and so be compared. */
export function isRepeatable({ kind }: NamedInput): boolean {
  return kind !== undefined && !isUnrepeatable(kind);
}
