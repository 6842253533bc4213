import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import { canonicalJson, digestOf } from "../../lib/base/digest.ts";
import { ExperimentError } from "../../lib/base/error.ts";
import type { ContractRecord } from "../../lib/contract/contract.ts";
import { readContract } from "../../lib/contract/read.ts";
import { fromSnapshot, toSnapshot } from "../../lib/data/snapshot.ts";
import { rerunAsRecorded } from "../../lib/replay/past/as_recorded.ts";
import { openStore } from "../../lib/tracking/open_store.ts";
import type { TrackingStore } from "../../lib/tracking/store.ts";
import type { Executed, KeptModules } from "../../lib/training/kept/keep.ts";
import { openProject, type Project } from "../project.ts";
import { HELD } from "./bwrap.ts";
import { openRecorded } from "./earlier_release.ts";

/** A run in a store that an attacker may write to. */
interface Victim {
  readonly project: Project;
  readonly store: TrackingStore;
  readonly id: string;
  readonly executed: Executed;
  /** Puts a text in the place of an artifact. */
  artifact(path: string, text: string): Promise<void>;
  /** Runs a statement of SQL on the store, which can change even params. */
  sql(statement: string, ...values: readonly (string | number)[]): void;
  /** The text of an object. */
  object(digest: string): Promise<string>;
  /** Puts bytes in the place of an object, or beside the others. */
  keep(digest: string, content: string | Uint8Array): Promise<void>;
}

async function victimOf(project: Project, id: string): Promise<Victim & AsyncDisposable> {
  const store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const text = async (path: string) => new TextDecoder().decode(await store.downloadArtifact(id, path));
  const pathOf = (digest: string) => `${digest.slice(0, 2)}/${digest}.gz`;
  return {
    project,
    store,
    id,
    executed: JSON.parse(await text("executed.json")),
    artifact: (path, content) => store.logArtifact(id, path, content),
    sql(statement, ...values) {
      using database = new DatabaseSync(join(project.directory, "mlflow.db"));
      database.prepare(statement).run(...values);
    },
    object: async (digest) =>
      new TextDecoder().decode(gunzipSync((await store.getShared(id, pathOf(digest)))!)),
    keep: (digest, content) => store.putShared(id, pathOf(digest), new Uint8Array(gzipSync(content))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Why the run can't be run as recorded, or what came of it. */
async function outcomeOf({ store, id }: Victim): Promise<unknown> {
  const run = await store.getRun(id);
  const record = await readContract(store, run) as ContractRecord;
  try {
    const repeated = await rerunAsRecorded(store, run, { record });
    return "reason" in repeated ? repeated.reason : repeated;
  } catch (error) {
    if (error instanceof ExperimentError) return error.message;
    throw error;
  }
}

/** Lets `executed.json` say something else, by its params too, as one who can write SQL does. */
async function executing(victim: Victim, change: Partial<Executed>): Promise<void> {
  const text = JSON.stringify({ ...victim.executed, ...change });
  victim.sql("UPDATE params SET value = ? WHERE key = 'executed.digest'", digestOf(text));
  await victim.artifact("executed.json", text);
}

/** The digests of the objects that are kept after a module's text was changed. */
async function withModule(
  { executed, object, keep }: Victim,
  module: RegExp,
  edit: (text: string, kept: KeptModules) => Partial<KeptModules> | string,
): Promise<readonly string[]> {
  return await Promise.all(executed.objects.map(async (digest) => {
    const kept: KeptModules = JSON.parse(await object(digest));
    const url = Object.keys(kept.modules).find((each) => module.test(each));
    if (url === undefined) return digest;
    const edited = edit(kept.modules[url]!, kept);
    const text = canonicalJson({
      ...kept,
      ...(typeof edited === "string" ? { modules: { ...kept.modules, [url]: edited } } : edited),
    });
    await keep(digestOf(text), text);
    return digestOf(text);
  }));
}

const PREFIX = "The run can't be run as recorded: ";
const OTHER = "What the run kept isn't what its contract is of: ";
const FORM = `${PREFIX}its executed.json isn't in the form of one: `;

/** What an attacker changes, and what is said of it. */
const forgeries: Readonly<
  Record<string, readonly [forge: (victim: Victim) => Promise<void>, reason: string]>
> = {
  "executed.json": [
    ({ artifact, executed }) => artifact("executed.json", JSON.stringify({ ...executed, deno: "1.0.0" })),
    `${PREFIX}its executed.json was changed since it was recorded.`,
  ],
  "an object": [
    async ({ keep, executed }) => await keep(executed.objects[0]!, "{}"),
    `${PREFIX}its object DIGEST was changed since it was recorded.`,
  ],
  "the model": [
    ({ artifact }) => artifact("model/model.json", "{}"),
    "The run was changed since it was recorded: the file model/model.json.",
  ],
  "a file beside the model": [
    ({ artifact }) => artifact("model/other.json", "{}"),
    "The run was changed since it was recorded: the file model/other.json.",
  ],
  "a metric": [
    // deno-lint-ignore require-await
    async ({ sql }) => sql("UPDATE metrics SET value = 0.99 WHERE key = 'accuracy'"),
    "The run was changed since it was recorded: the metric accuracy.",
  ],
  "a point of a metric": [
    ({ store, id }) =>
      store.logBatch(id, { metrics: [{ key: "accuracy", value: 0.99, step: 1, timestamp: 1 }] }),
    "The run was changed since it was recorded: the metric accuracy.",
  ],
  "the list of its outcome": [
    ({ artifact }) => artifact("outcome.json", JSON.stringify({ version: 1, files: {}, metrics: {} })),
    "The run's outcome.json was changed since it was recorded: its digest isn't the one of the param outcome.digest.",
  ],
  "the form of its outcome": [
    ({ artifact }) => artifact("outcome.json", JSON.stringify({ version: 2 })),
    "The run's outcome.json is none that this Reprise can read: it knows version 1.",
  ],
  "the snapshot's rows": [
    async ({ store, id, keep, executed }) => {
      const digest = executed.snapshot!;
      const bytes = gunzipSync((await store.getShared(id, `${digest.slice(0, 2)}/${digest}.gz`))!);
      const table = await fromSnapshot(new Uint8Array(bytes));
      (table.columns.sepal_length!.values as Float64Array)[0] = 1;
      await keep(digest, await toSnapshot(table));
    },
    `${PREFIX}its snapshot of the data was changed since it was recorded.`,
  ],
  "the order of the snapshot's levels": [
    async ({ store, id, keep, executed }) => {
      const digest = executed.snapshot!;
      const bytes = gunzipSync((await store.getShared(id, `${digest.slice(0, 2)}/${digest}.gz`))!);
      const { columns, ...table } = await fromSnapshot(new Uint8Array(bytes));
      const species = columns.species!;
      assert.ok(species.kind === "category");
      const last = species.levels.length - 1;
      const other = {
        ...species,
        levels: species.levels.toReversed(),
        values: species.values.map((code) => last - code),
      };
      await keep(digest, await toSnapshot({ ...table, columns: { ...columns, species: other } }));
    },
    `${PREFIX}its snapshot of the data was changed since it was recorded.`,
  ],
  "a snapshot that is none": [
    async ({ keep, executed }) => await keep(executed.snapshot!, "PAR1"),
    `${PREFIX}its snapshot of the data was changed since it was recorded.`,
  ],
  "the code of a feature": [
    async (victim) =>
      await executing(victim, {
        objects: await withModule(victim, /_helpers\.ts$/, (text) =>
          text.replace("length / width", "width / length")),
      }),
    `${OTHER}features.iris_v1_features_v1.petal_shape, features.iris_v1_features_v1.sepal_shape.`,
  ],
  "the code of a metric": [
    async (victim) =>
      await executing(victim, {
        objects: await withModule(victim, /metrics\/labels\.ts$/, (text) =>
          text.replace("label === predicted", "label !== predicted")),
      }),
    `${OTHER}metrics.accuracy.`,
  ],
  "the config": [
    async (victim) => await executing(victim, { spec: { ...victim.executed.spec, seed: 7 } }),
    `${OTHER}split, seed.`,
  ],
  "the split": [
    async (victim) =>
      await executing(victim, {
        spec: { ...victim.executed.spec, split: { ...victim.executed.spec.split, test: 0.5 } as never },
      }),
    `${OTHER}split.`,
  ],
  "the lock file": [
    async (victim) => {
      const text = (await victim.object(victim.executed.lock!)).replace("zod@4.6.7", "zod@4.6.6");
      await victim.keep(digestOf(text), text);
      await executing(victim, { lock: digestOf(text) });
    },
    `${OTHER}environment.lockfile.`,
  ],
  "a module that is an option": [
    async (victim) =>
      await executing(victim, {
        registry: { ...victim.executed.registry, module: "--allow-import=127.0.0.1" },
      }),
    `${FORM}registry.module: no URL of a module.`,
  ],
  "a program that wasn't kept": [
    async (victim) => await executing(victim, { entry: "file:///project/other.ts" }),
    `${PREFIX}other.ts isn't among the modules that it kept.`,
  ],
  "an import of a file of this machine": [
    async (victim) =>
      await executing(victim, {
        objects: await withModule(victim, /_helpers\.ts$/, (_, { imports }) => ({
          imports: { ...imports, "file:///project/registries/mod.ts": { passwords: "file:///etc/passwd" } },
        })),
      }),
    `${PREFIX}registries/mod.ts imports file:///etc/passwd, which isn't among the modules that it kept.`,
  ],
  "an import of an option": [
    async (victim) =>
      await executing(victim, {
        objects: await withModule(victim, /_helpers\.ts$/, (_, { imports }) => ({
          imports: { ...imports, "file:///project/registries/mod.ts": { zod: "--allow-all" } },
        })),
      }),
    `${PREFIX}object OBJECT isn't modules with what they import.`,
  ],
  "a config that is too deep": [
    async (victim) => {
      const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
      const text = JSON.stringify(victim.executed).replace('"params":{', `"params":{"deep":${deep}`);
      victim.sql("UPDATE params SET value = ? WHERE key = 'executed.digest'", digestOf(text));
      await victim.artifact("executed.json", text);
    },
    `${FORM}spec: too deep.`,
  ],
  "a digest that is a path": [
    async (victim) => await executing(victim, { objects: ["../../../../etc/passwd"] }),
    `${FORM}objects.0: no digest.`,
  ],
  "a form that passes for an earlier one": [
    async (victim) => {
      victim.sql("DELETE FROM params WHERE key IN ('executed.digest', 'outcome.digest')");
      await victim.artifact("model/model.json", "{}");
    },
    `${PREFIX}its executed.json has version 2, which isn't what the run's contract and its params executed.digest and outcome.digest say of it.`,
  ],
  "a form of tomorrow": [
    async (victim) => await executing(victim, { version: 3 as never }),
    `${PREFIX}its executed.json has version 3, but this Reprise knows versions 1 and 2.`,
  ],
};

Deno.test("a run of which something was changed since it was recorded isn't run, and it is said what", async (t) => {
  await using project = await openProject();
  const { document } = await project.json("train", "baseline");
  const saved = await Deno.makeTempDir();
  const copy = async (from: string, to: string) => {
    await Deno.remove(join(to, "mlartifacts"), { recursive: true }).catch(() => {});
    const { success } = await new Deno.Command("cp", {
      args: ["-r", join(from, "mlartifacts"), join(from, "mlflow.db"), to],
    })
      .output();
    assert.ok(success);
  };
  try {
    await copy(project.directory, saved);
    for (const [what, [forge, reason]] of Object.entries(forgeries)) {
      await t.step(what, async () => {
        await copy(saved, project.directory);
        await using victim = await victimOf(project, document.run_id);
        await forge(victim);
        const digest = victim.executed.objects[0]!.slice(0, 12);
        const found = String(await outcomeOf(victim));
        assert.equal(
          found.replace(/object [0-9a-f]{12}/, "object OBJECT"),
          reason.replace("object DIGEST", "object OBJECT"),
          digest,
        );
      });
    }
    await t.step("a metric that was added later is told, and no harm", async () => {
      await copy(saved, project.directory);
      await using victim = await victimOf(project, document.run_id);
      await victim.store.logBatch(victim.id, { metrics: [{ key: "mine", value: 1, step: 0, timestamp: 1 }] });
      assert.deepEqual(await outcomeOf(victim), {
        as_recorded: { held: HELD, drifts: [] },
        notes: ["Metrics were added to the run later, and aren't compared: mine."],
      });
    });
    await t.step("a rerun of today's code is compared with no metric that was changed", async () => {
      await copy(saved, project.directory);
      await using victim = await victimOf(project, document.run_id);
      victim.sql("UPDATE metrics SET value = 0.99 WHERE key = 'accuracy'");
      const { document: { verdict, reasons }, code } = await project.json("replay", "baseline", "--rerun");
      assert.deepEqual([verdict, reasons, code], [
        "unverifiable",
        ["The run was changed since it was recorded: the metric accuracy."],
        1,
      ]);
    });
    await t.step("the params that vouch for it can't be recorded twice", async () => {
      await using victim = await victimOf(project, document.run_id);
      for (const key of ["executed.digest", "outcome.digest"]) {
        await assert.rejects(victim.store.logBatch(victim.id, { params: { [key]: "0".repeat(64) } }));
      }
    });
  } finally {
    await Deno.remove(saved, { recursive: true });
  }
});

Deno.test("a run of release 0.1.0 whose kept code or config was changed isn't run", async (t) => {
  await using project = await openRecorded();
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const { runs } = await store.searchRuns({ run_name: "own_classification" });
  await using victim = await victimOf(project, runs[0]!.info.run_id);
  const write = (change: Partial<Executed>) =>
    victim.artifact("executed.json", JSON.stringify({ ...victim.executed, ...change }));
  await t.step("code", async () => {
    const edited = async (edit: (text: string) => string) => {
      await write({ objects: await withModule(victim, /\/own_softmax\.ts$/, edit) });
      return await outcomeOf(victim);
    };
    assert.deepEqual(await edited((text) => `${text}// a comment\n`), {
      as_recorded: { held: HELD, drifts: [] },
      notes: [
        "The run was recorded by an earlier Reprise, so no digest vouches for the program that it kept, its model's " +
        "files and its metrics.",
      ],
    });
    assert.equal(
      await edited((text) => text.replace("fitSoftmax(input)", "fitSoftmax({ ...input })")),
      `${OTHER}model.own_softmax.`,
    );
  });
  await t.step("its form, by params that were added", async () => {
    const { metrics: _metrics, framework: _framework, ...fields } = victim.executed;
    const text = JSON.stringify({
      ...fields,
      version: 2,
      metrics: fields.entry,
      framework: "file:///home/ada/reprise/",
    });
    await victim.artifact("executed.json", text);
    await victim.store.logBatch(victim.id, {
      params: { "executed.digest": digestOf(text), "outcome.digest": digestOf("") },
    });
    assert.equal(
      await outcomeOf(victim),
      `${PREFIX}its executed.json has version 2, which isn't what the run's contract and its params executed.digest ` +
        "and outcome.digest say of it.",
    );
    victim.sql("DELETE FROM params WHERE key IN ('executed.digest', 'outcome.digest')");
  });
  await t.step("config", async () => {
    await write({ spec: { ...victim.executed.spec, metrics: ["accuracy"] } });
    assert.equal(
      await outcomeOf(victim),
      `${OTHER}split, metrics.log_loss, metrics.macro_f1.`,
    );
  });
});

Deno.test("two checkouts of a project at different places share what they keep, and record neither's place", async () => {
  await using one = await openProject();
  await using other = await openProject();
  const kept = await Promise.all([one, other].map(async (project) => {
    const { document } = await project.json("train", "baseline");
    await using victim = await victimOf(project, document.run_id);
    const texts = [
      JSON.stringify(victim.executed),
      ...await Promise.all(victim.executed.objects.map(victim.object)),
    ];
    for (const text of texts) assert.ok(!text.includes(project.directory));
    return victim.executed;
  }));
  assert.deepEqual(kept[0], kept[1]);
});
