import assert from "node:assert/strict";
import type { Project } from "../project.ts";
import { openRecorded } from "./earlier_release.ts";

/** The runs of models that are the project's own, which no change of the framework may touch. */
const OWN = ["own_classification", "own_folds", "own_mlp", "own_overrides", "own_regression"];
/** The runs of models that came with that release. */
const SHIPPED = ["classification", "folds", "mlp", "regression"];

Deno.test("a store of release 0.1.0 is judged as it was, and all its runs reproduce as recorded", async (t) => {
  await using project = await openRecorded();
  const { documents } = await replayAll(project);

  await t.step("by names that are tags alone, nothing can be told", async () => {
    const { document } = await project.json("replay", "own_classification");
    assert.deepEqual([document.verdict, document.reasons], ["unverifiable", [
      "The run's record doesn't vouch for the name of its config: the release that recorded it kept that as a " +
      "tag, which can be changed at any time. Judge it by the recorded config, --recorded-config, or by one of " +
      "yours, --judged-by.",
    ]]);
  });
  await t.step("what is the project's own is safe", () => {
    for (const name of OWN) assert.deepEqual(verdictOf(documents, name), { verdict: "safe", blockedBy: [] });
  });
  await t.step("what came with the release drifts in its own code and params alone", () => {
    for (const name of SHIPPED) {
      const { verdict, blockedBy } = verdictOf(documents, name);
      assert.ok(verdict === "safe" || verdict === "blocked", `${name} is ${verdict}`);
      for (const clause of blockedBy) assert.match(clause, /^(model|metrics|features)\.|^params$/, name);
    }
  });
  for (const name of [...OWN, ...SHIPPED]) {
    await t.step(`${name} reproduces as recorded`, async () => {
      const { code, document } = await project.json("replay", name, "--rerun", "--as-recorded");
      assert.deepEqual([document.verdict, document.reasons, code], ["reproduced", [], 0]);
    });
  }
});

interface Judged {
  readonly run_name: string;
  readonly verdict: string;
  readonly drifts: readonly { readonly clause: string; readonly binding: boolean }[];
}

async function replayAll(project: Project): Promise<{ readonly documents: readonly Judged[] }> {
  const { document } = await project.json("replay", "--all", "--recorded-config");
  return { documents: (document as unknown as { readonly reports: readonly Judged[] }).reports };
}

function verdictOf(documents: readonly Judged[], name: string) {
  const { verdict, drifts } = documents.find(({ run_name }) => run_name === name)!;
  return { verdict, blockedBy: drifts.filter(({ binding }) => binding).map(({ clause }) => clause) };
}
