import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ExperimentError } from "../../lib/base/error.ts";
import type { DatasetInput, Metric, TrackingStore } from "../../lib/tracking/store.ts";

/** A kind of store, and what its verbs can't do to it. */
export interface StoreUnderTest {
  readonly name: string;
  open(): Promise<TrackingStore>;
  deleteRun(runId: string): Promise<void>;
  deleteExperiment(id: string): Promise<void>;
}

/** The error that a promise ends with, as plain data. */
export async function refusal(promise: Promise<unknown>): Promise<object> {
  const error = await promise.then(
    (value) => assert.fail(`not refused: ${Deno.inspect(value)}`),
    (error) => error,
  );
  if (!(error instanceof ExperimentError)) throw error;
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** A name that no other test uses. */
export function newName(): string {
  return `e ${crypto.randomUUID()}`;
}

/** A dataset as the tests record it. */
export const iris: DatasetInput = {
  name: "iris_v1",
  digest: "0123456789abcdef0123456789abcdef",
  source_type: "local",
  source: '{"uri":"iris.csv"}',
  schema: '{"mlflow_colspec":[]}',
  profile: '{"num_rows":150}',
  context: "training",
};

const invalid = (message: string, hint?: string) => ({
  code: "INVALID_PARAMETER_VALUE",
  message,
  ...(hint === undefined ? {} : { hint }),
});
const long = "Write a long text as an artifact.";

/** Starts a run in a new experiment. */
export async function startRun(store: TrackingStore, run_name = "exp_v1") {
  const { experiment_id } = await store.ensureExperiment(newName());
  return await store.createRun({
    experiment_id,
    run_name,
    user_id: "ada",
    start_time: 1_700_000_000_000,
    tags: {},
  });
}

/** The tests that every store must pass. */
export function testStore({ name, open, deleteRun, deleteExperiment }: StoreUnderTest): void {
  const test = (what: string, body: (store: TrackingStore) => Promise<void>) =>
    Deno.test(`${name} store ${what}`, async () => {
      await using store = await open();
      await body(store);
    });

  test("keeps a run with all that is logged to it", async (store) => {
    const { experiment_id } = await store.ensureExperiment(newName());
    const start_time = 1_700_000_000_000;
    const tags = { "mlflow.source.type": "LOCAL" };
    const info = await store.createRun({
      experiment_id,
      run_name: "exp_v1",
      user_id: "ada",
      start_time,
      tags,
    });
    assert.match(info.run_id, /^[0-9a-f]{32}$/);
    await store.logBatch(info.run_id, {
      params: { "model.params.epochs": "200", empty: "" },
      metrics: [{ key: "accuracy", value: 0.1 + 0.2, timestamp: start_time + 1, step: 0 }],
      tags: { "reprise.verdict": "✅", "mlflow.note.content": "two\nlines" },
    });
    await store.logInputs(info.run_id, [iris]);
    await store.updateRun(info.run_id, { status: "FINISHED", end_time: start_time + 2 });
    assert.deepEqual(await store.getRun(info.run_id), {
      info: {
        run_id: info.run_id,
        run_name: "exp_v1",
        experiment_id,
        user_id: "ada",
        status: "FINISHED",
        start_time,
        end_time: start_time + 2,
        artifact_uri: info.artifact_uri,
      },
      params: { "model.params.epochs": "200", empty: "" },
      metrics: { accuracy: { key: "accuracy", value: 0.1 + 0.2, timestamp: start_time + 1, step: 0 } },
      tags: {
        "mlflow.source.type": "LOCAL",
        "mlflow.user": "ada",
        "mlflow.runName": "exp_v1",
        "reprise.verdict": "✅",
        "mlflow.note.content": "two\nlines",
      },
      datasets: [iris],
    });
  });

  test("starts a run in the state RUNNING, and tells what getRun tells", async (store) => {
    const info = await startRun(store);
    assert.equal(info.status, "RUNNING");
    assert.equal(info.end_time, undefined);
    assert.deepEqual((await store.getRun(info.run_id)).info, info);
  });

  test("keeps the end time when a later update has none", async (store) => {
    const { run_id } = await startRun(store);
    await store.updateRun(run_id, { status: "FAILED", end_time: 1_700_000_000_001 });
    await store.updateRun(run_id, { status: "KILLED" });
    const { info } = await store.getRun(run_id);
    assert.deepEqual([info.status, info.end_time], ["KILLED", 1_700_000_000_001]);
  });

  test("makes an experiment once, whoever asks at the same time", async (store) => {
    const experiment = newName();
    assert.equal(await store.getExperimentByName(experiment), undefined);
    const made = await Promise.all(Array.from({ length: 8 }, () => store.ensureExperiment(experiment)));
    assert.equal(new Set(made.map(({ experiment_id }) => experiment_id)).size, 1);
    assert.deepEqual(await store.getExperimentByName(experiment), made[0]);
  });

  test("lists the experiments with the newest first", async (store) => {
    const older = await store.ensureExperiment(newName());
    const newer = await store.ensureExperiment(newName());
    assert.deepEqual((await store.searchExperiments()).slice(0, 2), [newer, older]);
  });

  test("takes experiment names with any characters", async (store) => {
    for (
      const odd of [`it's "5%" & more?#`, " outer spaces ", "数据 😀", "__proto__", "a+b=c", "line\nend"]
    ) {
      const experiment = await store.ensureExperiment(`${odd}${crypto.randomUUID()}${odd}`);
      assert.deepEqual(await store.getExperimentByName(experiment.name), experiment);
    }
  });

  test("says that an experiment or a run was deleted", async (store) => {
    const { run_id, experiment_id } = await startRun(store);
    await deleteRun(run_id);
    const deleted = {
      code: "INVALID_STATE",
      message: `The run ${run_id} was deleted.`,
      hint: `Restore it with: mlflow runs restore --run-id ${run_id}`,
    };
    assert.deepEqual(await refusal(store.getRun(run_id)), deleted);
    assert.deepEqual(await refusal(store.logBatch(run_id, { params: { a: "1" } })), deleted);
    assert.deepEqual(await refusal(store.logInputs(run_id, [iris])), deleted);
    assert.deepEqual(await refusal(store.updateRun(run_id, { status: "FINISHED" })), deleted);
    assert.deepEqual((await store.searchRuns({ experiment_ids: [experiment_id] })).runs, []);

    const experiment = await store.ensureExperiment(newName());
    await deleteExperiment(experiment.experiment_id);
    const gone = {
      code: "INVALID_STATE",
      message: `The experiment ${experiment.experiment_id} was deleted, and MLflow keeps its name taken.`,
      hint: `Restore it with: mlflow experiments restore --experiment-id ${experiment.experiment_id}`,
    };
    assert.equal(await store.getExperimentByName(experiment.name), undefined);
    assert.deepEqual(await refusal(store.ensureExperiment(experiment.name)), gone);
    const run = { ...experiment, run_name: "r", user_id: "", start_time: 0, tags: {} };
    assert.deepEqual(await refusal(store.createRun(run)), gone);
  });

  test("says of every verb that there is no such run", async (store) => {
    for (const id of ["f".repeat(32), "", "no run", "../x", "é"]) {
      const none = {
        code: "RESOURCE_DOES_NOT_EXIST",
        message: `There is no run ${JSON.stringify(id)} in ${store.uri}.`,
      };
      assert.deepEqual(await refusal(store.getRun(id)), none);
      assert.deepEqual(await refusal(store.logBatch(id, { tags: { a: "1" } })), none);
      assert.deepEqual(await refusal(store.logInputs(id, [iris])), none);
      assert.deepEqual(await refusal(store.updateRun(id, { status: "FINISHED" })), none);
      assert.deepEqual(await refusal(store.getMetricHistory(id, "accuracy")), none);
      assert.deepEqual(await refusal(store.logArtifact(id, "a.txt", "")), none);
      assert.deepEqual(await refusal(store.listArtifacts(id)), none);
      assert.deepEqual(await refusal(store.downloadArtifact(id, "a.txt")), none);
      assert.deepEqual(await refusal(store.putShared(id, "a", new Uint8Array(1))), none);
      assert.deepEqual(await refusal(store.hasShared(id, "a")), none);
      assert.deepEqual(await refusal(store.getShared(id, "a")), none);
    }
    for (const experiment_id of ["999999", "x"]) {
      assert.deepEqual(
        await refusal(
          store.createRun({ experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {} }),
        ),
        {
          code: "RESOURCE_DOES_NOT_EXIST",
          message: `There is no experiment "${experiment_id}" in ${store.uri}.`,
        },
      );
    }
  });

  test("writes a param once: the same value again is nothing, another value is refused", async (store) => {
    const { run_id } = await startRun(store);
    await store.logBatch(run_id, { params: { lr: "0.1" } });
    await store.logBatch(run_id, { params: { lr: "0.1", epochs: "5" } });
    assert.deepEqual(
      await refusal(
        store.logBatch(run_id, { params: { epochs: "5", lr: "0.2", more: "1" }, tags: { t: "1" } }),
      ),
      invalid(
        `The param "lr" of the run ${run_id} is "0.1" and can't be changed to "0.2": params are write-once.`,
        "Record a value that changes as a metric or a tag, or start a new run.",
      ),
    );
    const run = await store.getRun(run_id);
    assert.deepEqual(run.params, { lr: "0.1", epochs: "5" });
    assert.equal(run.tags["t"], undefined);
  });

  test("keeps a tag's last value", async (store) => {
    const { run_id } = await startRun(store);
    await store.logBatch(run_id, { tags: { t: "1" } });
    await store.logBatch(run_id, { tags: { t: "2" } });
    assert.equal((await store.getRun(run_id)).tags["t"], "2");
  });

  test("keeps a run's name and its tag mlflow.runName the same", async (store) => {
    const { run_id, experiment_id } = await startRun(store, "before");
    await store.logBatch(run_id, { tags: { "mlflow.runName": "after" } });
    const { info, tags } = await store.getRun(run_id);
    assert.deepEqual([info.run_name, tags["mlflow.runName"]], ["after", "after"]);
    const run = { experiment_id, run_name: "a", user_id: "", start_time: 0, tags: { "mlflow.runName": "b" } };
    assert.deepEqual(
      await refusal(store.createRun(run)),
      invalid(`The run "a" can't be recorded: its tag mlflow.runName says "b".`),
    );
  });

  test("gives a metric's history by step, then by time, each point once", async (store) => {
    const { run_id } = await startRun(store);
    const point = (value: number, timestamp: number, step: number): Metric => ({
      key: "loss",
      value,
      timestamp,
      step,
    });
    const ordered = [
      point(9, 5, -1),
      point(-Infinity, 1, 0),
      point(NaN, 1, 0),
      point(1, 1, 0),
      point(Infinity, 1, 0),
      point(0.5, 2, 0),
      point(0.25, 0, 1),
      point(1e-300, 0, Number.MAX_SAFE_INTEGER),
    ];
    await store.logBatch(run_id, { metrics: ordered.toReversed() });
    await store.logBatch(run_id, { metrics: [...ordered, ...ordered] });
    assert.deepEqual(await store.getMetricHistory(run_id, "loss"), ordered);
    assert.deepEqual(await store.getMetricHistory(run_id, "other"), []);
  });

  test("has as a metric's latest the point of the greatest step, time and value", async (store) => {
    const { run_id } = await startRun(store);
    const latest = async (metrics: readonly Omit<Metric, "key">[]) => {
      await store.logBatch(run_id, { metrics: metrics.map((point) => ({ key: "m", ...point })) });
      const { value, timestamp, step } = (await store.getRun(run_id)).metrics["m"]!;
      return [value, timestamp, step];
    };
    assert.deepEqual(
      await latest([{ value: 3, timestamp: 9, step: 1 }, { value: 1, timestamp: 1, step: 2 }]),
      [1, 1, 2],
    );
    assert.deepEqual(await latest([{ value: 5, timestamp: 99, step: 1 }]), [1, 1, 2]);
    assert.deepEqual(await latest([{ value: 0, timestamp: 1, step: 2 }]), [1, 1, 2]);
    assert.deepEqual(await latest([{ value: 2, timestamp: 1, step: 2 }]), [2, 1, 2]);
    assert.deepEqual(await latest([{ value: NaN, timestamp: 2, step: 2 }]), [NaN, 2, 2]);
    assert.deepEqual(await latest([{ value: -Infinity, timestamp: 2, step: 3 }]), [-Infinity, 2, 3]);
  });

  test("keeps every number and every text exactly", async (store) => {
    const { run_id } = await startRun(store);
    const numbers = fc.sample(fc.double({ noDefaultInfinity: true, noNaN: true }), { numRuns: 500, seed: 1 })
      .filter((value) => Math.abs(value) < Number.MAX_VALUE).map((value) => value + 0);
    const metrics = numbers.map((value, step) => ({ key: "m", value, timestamp: step, step }));
    const text = fc.string({ unit: "binary", maxLength: 60 }).filter((text) =>
      text.isWellFormed() && !text.includes("\0")
    );
    const odd = [
      "\u2028\u0085\ufeff",
      "\r\n\t",
      "'\"`\\",
      "{}[]null",
      "__proto__",
      "NaN",
      " ",
      "\u0001\u001f",
    ];
    const texts = Object.fromEntries(
      [...odd, ...fc.sample(text, { numRuns: 80, seed: 2 })].map((value, index) => [`k${index}`, value]),
    );
    await store.logBatch(run_id, { metrics, params: texts, tags: texts });
    const run = await store.getRun(run_id);
    assert.deepEqual(run.params, texts);
    assert.deepEqual({ ...run.tags, ...texts }, run.tags);
    assert.deepEqual(await store.getMetricHistory(run_id, "m"), metrics);
  });

  test("takes keys that are clean paths of letters of any script", async (store) => {
    const { run_id } = await startRun(store);
    const keys = [
      "__proto__",
      "constructor",
      "größe",
      "数据/精度",
      "a.b-c_d:e f",
      "system/cpu",
      ".hidden",
      "k".repeat(250),
    ];
    const texts = Object.fromEntries(keys.map((key) => [key, key]));
    const metrics = keys.map((key) => ({ key, value: 1, timestamp: 0, step: 0 }));
    await store.logBatch(run_id, { params: texts, tags: texts, metrics });
    const run = await store.getRun(run_id);
    assert.deepEqual(run.params, texts);
    assert.deepEqual({ ...run.tags, ...texts }, run.tags);
    assert.deepEqual(Object.values(run.metrics).map(({ key }) => key).sort(), keys.toSorted());
  });

  test("refuses keys that MLflow would refuse", async (store) => {
    const { run_id } = await startRun(store);
    const characters =
      "can't be recorded: MLflow's keys are made of letters, digits, spaces and the characters _ - . : /";
    const paths = "can't be recorded: MLflow's keys must be clean relative paths.";
    for (
      const [key, why] of [
        ["", characters],
        ["a#b", characters],
        ["a@b", characters],
        ["a\n", characters],
        ["a\tb", characters],
        ["/abs", paths],
        ["a/", paths],
        ["a//b", paths],
        ["a/../b", paths],
        ["./a", paths],
        ["..", paths],
        ["..a", paths],
        ["k".repeat(251), "can't be recorded: it has 251 characters, but MLflow keeps at most 250."],
      ] as const
    ) {
      const message = (kind: string) => invalid(`The ${kind} key ${JSON.stringify(key)} ${why}`);
      assert.deepEqual(await refusal(store.logBatch(run_id, { params: { [key]: "1" } })), message("param"));
      assert.deepEqual(await refusal(store.logBatch(run_id, { tags: { [key]: "1" } })), message("tag"));
      assert.deepEqual(
        await refusal(store.logBatch(run_id, { metrics: [{ key, value: 1, timestamp: 0, step: 0 }] })),
        message("metric"),
      );
      assert.deepEqual(await refusal(store.searchRuns({ tags: { [key]: "1" } })), message("tag"));
    }
  });

  test("keeps the longest texts whole and refuses longer ones", async (store) => {
    const { run_id, experiment_id } = await startRun(store, "n".repeat(250));
    const longest = { param: "😀".repeat(6000), tag: "é".repeat(8000) };
    await store.logBatch(run_id, { params: { p: longest.param }, tags: { t: longest.tag } });
    const run = await store.getRun(run_id);
    assert.equal(run.params["p"], longest.param);
    assert.equal(run.tags["t"], longest.tag);
    assert.deepEqual(
      await refusal(store.logBatch(run_id, { params: { q: "x".repeat(6001) } })),
      invalid(
        `The value of the param "q" can't be recorded: it has 6001 characters, but MLflow keeps at most 6000.`,
        long,
      ),
    );
    assert.deepEqual(
      await refusal(store.logBatch(run_id, { tags: { u: "x".repeat(8001) } })),
      invalid(
        `The value of the tag "u" can't be recorded: it has 8001 characters, but MLflow keeps at most 8000.`,
        long,
      ),
    );
    const next = { experiment_id, user_id: "", start_time: 0, tags: {} };
    assert.deepEqual(
      await refusal(store.createRun({ ...next, run_name: "n".repeat(251) })),
      invalid("The run's name can't be recorded: it has 251 characters, but MLflow keeps at most 250."),
    );
    assert.deepEqual(
      await refusal(store.createRun({ ...next, run_name: "" })),
      invalid("The run's name can't be recorded: it is empty."),
    );
    assert.deepEqual(
      await refusal(store.ensureExperiment("n".repeat(257))),
      invalid(
        "The experiment's name can't be recorded: it has 257 characters, but MLflow keeps at most 256.",
      ),
    );
  });

  test("refuses what MLflow would lose in silence", async (store) => {
    const { run_id, experiment_id } = await startRun(store);
    const metric = { key: "m", value: 1, timestamp: 0, step: 0 };
    const point = (odd: object) => store.logBatch(run_id, { metrics: [metric, { ...metric, ...odd }] });
    const start = (odd: object) =>
      store.createRun({ experiment_id, run_name: "r", user_id: "", start_time: 0, tags: {}, ...odd });
    const text = (value: unknown) => store.logBatch(run_id, { params: { p: value as string } });
    for (
      const [refused, message] of [
        [
          point({ timestamp: 1.5 }),
          `The metric "m"'s timestamp can't be recorded: found 1.5, but MLflow keeps a whole number from 0.`,
        ],
        [
          point({ timestamp: -1 }),
          `The metric "m"'s timestamp can't be recorded: found -1, but MLflow keeps a whole number from 0.`,
        ],
        [
          point({ step: 0.5 }),
          `The metric "m"'s step can't be recorded: found 0.5, but MLflow keeps a whole number.`,
        ],
        [
          point({ step: 2 ** 53 }),
          `The metric "m"'s step can't be recorded: found 9007199254740992, but MLflow keeps a whole number.`,
        ],
        [
          point({ value: "1" }),
          `The metric "m" can't be recorded: found 1 (string), but a value is a number.`,
        ],
        [
          point({ value: true }),
          `The metric "m" can't be recorded: found true (boolean), but a value is a number.`,
        ],
        [
          start({ start_time: 1.5 }),
          "The run's start time can't be recorded: found 1.5, but MLflow keeps a whole number from 0.",
        ],
        [text(1), `The value of the param "p" can't be recorded: found 1 (number), but MLflow keeps texts.`],
        [text("\ud800"), `The value of the param "p" can't be recorded: it has half of a surrogate pair.`],
        [text("a\0b"), `The value of the param "p" can't be recorded: it has a NUL character.`],
        [
          store.updateRun(run_id, { status: "DONE" as "FINISHED" }),
          `There is no run state "DONE": a run is one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED.`,
        ],
        [
          store.updateRun(run_id, { status: "FINISHED", end_time: 0.1 }),
          "The run's end time can't be recorded: found 0.1, but MLflow keeps a whole number from 0.",
        ],
      ] as const
    ) assert.deepEqual(await refusal(refused), invalid(message));
    const run = await store.getRun(run_id);
    assert.deepEqual([run.info.status, run.params, run.metrics], ["RUNNING", {}, {}]);
  });

  test("takes more at once than MLflow takes in one request", async (store) => {
    const { run_id } = await startRun(store);
    const params = Object.fromEntries(Array.from({ length: 205 }, (_, index) => [`p${index}`, `${index}`]));
    const tags = Object.fromEntries(Array.from({ length: 105 }, (_, index) => [`t${index}`, `${index}`]));
    const metrics = Array.from(
      { length: 2001 },
      (_, step) => ({ key: "m", value: 1 / (step + 1), timestamp: step, step }),
    );
    await store.logBatch(run_id, { params, metrics, tags });
    const run = await store.getRun(run_id);
    assert.deepEqual(run.params, params);
    assert.deepEqual({ ...run.tags, ...tags }, run.tags);
    assert.deepEqual(await store.getMetricHistory(run_id, "m"), metrics);
    await store.logBatch(run_id, {});
  });

  test("keeps each dataset of a run once", async (store) => {
    const { run_id, experiment_id } = await startRun(store);
    const held_out = { ...iris, name: "iris_v1.test", context: "eval" };
    await store.logInputs(run_id, [held_out, iris]);
    await store.logInputs(run_id, [iris]);
    assert.deepEqual((await store.getRun(run_id)).datasets, [iris, held_out]);
    const next = await store.createRun({
      experiment_id,
      run_name: "next",
      user_id: "",
      start_time: 0,
      tags: {},
    });
    await store.logInputs(next.run_id, [{ ...iris, context: "eval" }]);
    assert.deepEqual((await store.getRun(next.run_id)).datasets, [{ ...iris, context: "eval" }]);
    await store.logInputs(run_id, []);
  });

  test("refuses datasets that MLflow would not keep as they are", async (store) => {
    const { run_id } = await startRun(store);
    for (
      const [datasets, message, hint] of [
        [
          [{ ...iris, digest: "f".repeat(64) }],
          `The dataset "iris_v1"'s digest can't be recorded: it has 64 characters, but MLflow keeps at most 36.`,
        ],
        [[{ ...iris, digest: "" }], `The dataset "iris_v1"'s digest can't be recorded: it is empty.`],
        [[{ ...iris, name: "" }], "The dataset's name can't be recorded: it is empty."],
        [
          [{ ...iris, name: "n".repeat(501) }],
          "The dataset's name can't be recorded: it has 501 characters, but MLflow keeps at most 500.",
        ],
        [
          [{ ...iris, source: "s".repeat(65_536) }],
          `The dataset "iris_v1"'s source can't be recorded: it has 65536 characters, but MLflow keeps at most 65535.`,
        ],
        [
          [{ ...iris, context: "c".repeat(501) }],
          `The dataset "iris_v1"'s context can't be recorded: it has 501 characters, but MLflow keeps at most 500.`,
        ],
        [
          [iris, { ...iris, context: "eval" }],
          `The dataset "iris_v1" of digest ${iris.digest} can't be recorded twice with different contents: MLflow keeps one record of a name and digest in a run.`,
          "Give each use of the dataset its own name.",
        ],
      ] as const
    ) assert.deepEqual(await refusal(store.logInputs(run_id, datasets)), invalid(message, hint));
    assert.deepEqual((await store.getRun(run_id)).datasets, []);
  });

  test("finds runs by any name", async (store) => {
    const { experiment_id } = await store.ensureExperiment(newName());
    const odd = [
      "plain",
      "it's",
      `say "hi"`,
      `it's "both"`,
      "back\\slash",
      "ends in \\",
      "100% _sure_",
      "a OR 1=1; --",
      "' OR ''='",
      " outer ",
      "two  spaces",
      "數據 😀",
      "e\u0301",
      "\u00e9",
      "Plain",
      "plain_",
      "line\nend",
      "`tick`",
      "a AND b",
      "1",
      "#",
    ];
    const names = new Set([
      ...odd,
      ...fc.sample(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0")),
        { numRuns: 20, seed: 3 },
      ),
    ]);
    for (const [start_time, run_name] of [...names].entries()) {
      await store.createRun({ experiment_id, run_name, user_id: "", start_time, tags: { name: run_name } });
    }
    const found = async (search: object) =>
      (await store.searchRuns({ experiment_ids: [experiment_id], ...search })).runs.map(({ info }) =>
        info.run_name
      );
    for (const run_name of names) {
      assert.deepEqual(await found({ run_name, max_results: 1 }), [run_name]);
      assert.deepEqual(await found({ tags: { name: run_name } }), [run_name]);
    }
    assert.deepEqual(await found({ run_name: "" }), []);
    assert.deepEqual(await found({ run_name: "pl_in" }), []);
    assert.deepEqual(await found({ run_name: "no such" }), []);
  });

  test("finds the runs for which all that is asked holds, the newest start first", async (store) => {
    const [first, second] = [
      await store.ensureExperiment(newName()),
      await store.ensureExperiment(newName()),
    ];
    const run = async (experiment_id: string, run_name: string, start_time: number, kind: string) =>
      (await store.createRun({
        experiment_id,
        run_name,
        user_id: "",
        start_time,
        tags: { "my kind/x": kind },
      })).run_id;
    const a = await run(first.experiment_id, "n", 1, "train");
    const b = await run(first.experiment_id, "n", 3, "replay");
    const c = await run(first.experiment_id, "m", 2, "train");
    const d = await run(second.experiment_id, "n", 4, "train");
    await store.updateRun(a, { status: "FINISHED" });
    await store.logInputs(a, [iris]);
    const both = [first.experiment_id, second.experiment_id];
    const found = async (search: object) =>
      (await store.searchRuns(search)).runs.map(({ info }) => info.run_id);
    assert.deepEqual(await found({ experiment_ids: both }), [d, b, c, a]);
    assert.deepEqual(await found({ experiment_ids: [first.experiment_id] }), [b, c, a]);
    assert.deepEqual(await found({ experiment_ids: both, run_name: "n" }), [d, b, a]);
    assert.deepEqual(await found({ experiment_ids: both, run_name: "n", status: "FINISHED" }), [a]);
    assert.deepEqual(await found({ experiment_ids: both, tags: { "my kind/x": "train" } }), [d, c, a]);
    assert.deepEqual(
      await found({
        experiment_ids: both,
        tags: { "my kind/x": "train", "mlflow.runName": "n" },
        status: "RUNNING",
      }),
      [d],
    );
    assert.deepEqual(await found({ experiment_ids: [] }), []);
    assert.deepEqual(await found({ experiment_ids: ["999999"] }), []);
    assert.deepEqual(await found({ run_name: newName() }), []);
    assert.deepEqual(
      (await store.searchRuns({ experiment_ids: both, max_results: 4 })).runs.at(-1),
      await store.getRun(a),
    );
  });

  test("finds runs in all experiments when none is named", async (store) => {
    const { run_id, run_name } = await startRun(store, newName());
    assert.deepEqual((await store.searchRuns({ run_name })).runs.map(({ info }) => info.run_id), [run_id]);
  });

  test("gives runs in pages without gaps or repeats", async (store) => {
    const { experiment_id } = await store.ensureExperiment(newName());
    for (let index = 0; index < 7; index++) {
      const run = {
        experiment_id,
        run_name: `it's "${index % 2}"`,
        user_id: "",
        start_time: index >> 1,
        tags: {},
      };
      await store.createRun(run);
    }
    const pagesOf = async (search: object) => {
      const pages: string[][] = [];
      let page_token: string | undefined;
      do {
        const asked = {
          experiment_ids: [experiment_id],
          ...search,
          ...(page_token === undefined ? {} : { page_token }),
        };
        const page = await store.searchRuns(asked);
        pages.push(page.runs.map(({ info }) => info.run_id));
        page_token = page.next_page_token;
      } while (page_token !== undefined);
      return pages.filter((page) => page.length > 0);
    };
    const all = (await pagesOf({}))[0]!;
    assert.equal(new Set(all).size, 7);
    const pages = await pagesOf({ max_results: 3 });
    assert.deepEqual(pages.map((page) => page.length), [3, 3, 1]);
    assert.deepEqual(pages.flat(), all);
    assert.deepEqual((await pagesOf({ run_name: `it's "0"`, max_results: 3 })).map((page) => page.length), [
      3,
      1,
    ]);
    assert.deepEqual((await pagesOf({ max_results: 7 })).flat(), all);
  });

  test("refuses searches that make no sense", async (store) => {
    for (
      const [search, message] of [
        [
          { max_results: 0 },
          "Runs can't be searched with max_results 0: MLflow gives 1 to 50000 runs at once.",
        ],
        [
          { max_results: 50_001 },
          "Runs can't be searched with max_results 50001: MLflow gives 1 to 50000 runs at once.",
        ],
        [{ experiment_ids: ["' OR 1"] }, `Runs can't be searched in the experiment "' OR 1": that is no id.`],
        [
          { status: "DONE" as "FINISHED" },
          `There is no run state "DONE": a run is one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED.`,
        ],
        [
          { page_token: "garbage" },
          `Runs can't be searched from the page token "garbage": it must be one that a search of this store gave.`,
        ],
      ] as const
    ) assert.deepEqual(await refusal(store.searchRuns(search)), invalid(message));
  });

  test("keeps artifacts, lists each folder's and gives them back", async (store) => {
    const { run_id } = await startRun(store);
    assert.deepEqual(await store.listArtifacts(run_id), []);
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index * 31);
    await store.logArtifact(run_id, "model/weights.bin", bytes);
    await store.logArtifact(run_id, "model/deep/er/x", "x");
    await store.logArtifact(run_id, "contract.json", "{}");
    await store.logArtifact(run_id, "contract.json", `{"é":1}`);
    await store.logArtifact(run_id, "empty.txt", "");
    assert.deepEqual(await store.listArtifacts(run_id), [
      { path: "contract.json", is_dir: false, file_size: 8 },
      { path: "empty.txt", is_dir: false, file_size: 0 },
      { path: "model", is_dir: true, file_size: undefined },
    ]);
    assert.deepEqual(await store.listArtifacts(run_id, "model"), [
      { path: "model/deep", is_dir: true, file_size: undefined },
      { path: "model/weights.bin", is_dir: false, file_size: 70_000 },
    ]);
    assert.deepEqual(await store.listArtifacts(run_id, "none"), []);
    assert.deepEqual(await store.listArtifacts(run_id, "contract.json"), []);
    assert.deepEqual(new Uint8Array(await store.downloadArtifact(run_id, "model/weights.bin")), bytes);
    assert.equal(new TextDecoder().decode(await store.downloadArtifact(run_id, "contract.json")), `{"é":1}`);
    assert.equal((await store.downloadArtifact(run_id, "empty.txt")).length, 0);
    for (const path of ["none.txt", "model", "none/none.txt"]) {
      assert.deepEqual(await refusal(store.downloadArtifact(run_id, path)), {
        code: "RESOURCE_DOES_NOT_EXIST",
        message: `The run ${run_id} has no artifact "${path}".`,
      });
    }
    for (const path of ["contract.json/x", "contract.json/x/y", "model"]) {
      assert.deepEqual(
        await refusal(store.logArtifact(run_id, path, "")),
        invalid(`The artifact "${path}" can't be written: a name in its path is already a file or a folder.`),
      );
    }
  });

  test("keeps what runs share once, wherever their experiments are, beside their artifacts", async (store) => {
    const [one, other] = [await startRun(store), await startRun(store)];
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index * 31);
    assert.equal(await store.hasShared(one.run_id, "ab/abcd.gz"), false);
    assert.equal(await store.getShared(one.run_id, "ab/abcd.gz"), undefined);
    await store.putShared(one.run_id, "ab/abcd.gz", bytes);
    assert.deepEqual(
      [await store.hasShared(other.run_id, "ab/abcd.gz"), await store.hasShared(other.run_id, "ab/abce.gz")],
      [true, false],
    );
    assert.deepEqual(new Uint8Array((await store.getShared(other.run_id, "ab/abcd.gz"))!), bytes);
    assert.deepEqual(await store.listArtifacts(one.run_id), []);
  });

  test("keeps artifacts under names with odd characters", async (store) => {
    const { run_id } = await startRun(store);
    const names = [
      ..."!\"$&'()*+,-<=>@[]^_`{|}~é😀\u202e",
      "...",
      ".hidden",
      "-x",
      "a b",
      "x".repeat(255),
      "é".repeat(127),
    ];
    for (const name of names) await store.logArtifact(run_id, `odd/${name}`, name);
    const listed = (await store.listArtifacts(run_id, "odd")).map(({ path }) => path);
    assert.deepEqual(listed, names.map((name) => `odd/${name}`).sort());
    for (const name of names) {
      assert.equal(new TextDecoder().decode(await store.downloadArtifact(run_id, `odd/${name}`)), name);
    }
  });

  test("refuses artifact paths that lead elsewhere", async (store) => {
    const { run_id } = await startRun(store);
    const asked = 'but a path is made of names with "/" between them, such as "model/weights.bin".';
    for (
      const [path, why] of [
        ["", `found the part "", ${asked}`],
        ["/etc/passwd", `found the part "", ${asked}`],
        ["../../../evil.txt", `found the part "..", ${asked}`],
        ["a/../b", `found the part "..", ${asked}`],
        ["./a", `found the part ".", ${asked}`],
        ["a//b", `found the part "", ${asked}`],
        ["a/", `found the part "", ${asked}`],
        [" a", `found the part " a", ${asked}`],
        ["%2e%2e/a", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["a#b", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["a\\b", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["a?b", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["a;b", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["file:/a", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["a\tb", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["\ud800", `it has one of \\ : ; ? # % or a control character, ${asked}`],
        ["é".repeat(128), "a name in it is longer than 255 bytes."],
      ] as const
    ) {
      const refused = invalid(`The artifact path ${JSON.stringify(path)} can't be used: ${why}`);
      assert.deepEqual(await refusal(store.logArtifact(run_id, path, "")), refused);
      assert.deepEqual(await refusal(store.downloadArtifact(run_id, path)), refused);
      if (path !== "") assert.deepEqual(await refusal(store.listArtifacts(run_id, path)), refused);
    }
    assert.deepEqual(await store.listArtifacts(run_id), []);
  });
}
