import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openStore } from "../../lib/tracking/open_store.ts";
import { openBrowser, overflowOf, violations, weigh } from "../browser/browser.ts";
import { openProject } from "../project.ts";
import { serve } from "./serving.ts";

/** Starts a job from a form and waits until its page says how it ended. */
async function finish(page: Page): Promise<void> {
  await page.waitForURL("**/jobs/*");
  await page.locator("#job:not([data-events])").waitFor();
}

const VIEW = "registries/features/iris_v1_features_v1.ts";
const HELPERS = "registries/features/_helpers.ts";

Deno.test({
  name: "the pages",
  // The browser's driver keeps what it has opened until the process ends.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using project = await openProject();
    await using server = await serve(project);
    await using browser = await openBrowser();
    const page = await browser.open();
    const at = (path: string) => new URL(path, server.url).href;
    const text = (selector: string) => page.locator(selector).innerText();

    await t.step("a form trains an experiment, its page shows progress until the end", async () => {
      await page.goto(at("/"));
      await page.getByLabel("Config", { exact: true }).selectOption("exp_v1");
      await page.getByLabel("Overrides").fill("model.params.epochs=3000\n");
      // What the progress says, each time it says something else.
      await page.context().addInitScript(`
        globalThis.seen = [];
        new MutationObserver(() => {
          const label = document.querySelector("#progress-label")?.textContent;
          if (label && seen.at(-1) !== label) seen.push(label);
        }).observe(document, { childList: true, subtree: true, characterData: true });
      `);
      await page.getByRole("button", { name: "Train" }).click();
      await finish(page);
      const seen = await page.evaluate<readonly string[]>("seen");
      const epochs = seen.flatMap((label) => /^Epoch (\d+) of 3000$/.exec(label)?.[1] ?? []).map(Number);
      assert.ok(epochs.length > 1, `The progress said: ${seen.join(", ")}`);
      assert.deepEqual(epochs, epochs.toSorted((a, b) => a - b));
      assert.match(await text("#job"), /succeeded/);
      assert.match(await text("#announcer"), /The job has succeeded/);
      await page.getByRole("link", { name: /^run / }).click();
      assert.match(await text("h1"), /^exp_v1\s+✓ finished/);
      assert.equal(await page.getByRole("img", { name: "train_loss by step" }).count(), 1);
      assert.match(await text("section:has(#params)"), /model\.params\.epochs\s+3000/);
    });

    await t.step("a replay of an untouched run is safe, and --rerun reproduces it", async () => {
      await page.getByLabel("Train again where it is safe").check();
      await page.getByRole("button", { name: "Replay" }).click();
      await finish(page);
      assert.match(await text(".verdict"), /reproduced: metrics and weights are bit-identical/);
      await page.getByRole("link", { name: "compare" }).click();
      assert.match(await text("section:has(#contract)"), /No clause differs\./);
    });

    await t.step("the report of a run is a page by itself, whose style its policy allows", async () => {
      const [run] = (await server.client.runs()).runs;
      const answer = await page.goto(at(`/api/runs/${run!.run_id}/report`));
      assert.match(
        answer!.headers()["content-security-policy"]!,
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; /,
      );
      assert.match(await text("h1"), /^Replay of exp_v1/);
      const applied = "[...document.styleSheets].map(({ cssRules }) => cssRules.length > 10)";
      assert.deepEqual(await page.evaluate(applied), [true]);
      assert.equal(await page.evaluate("getComputedStyle(document.body).boxSizing"), "border-box");
      await page.goBack();
    });

    await t.step("a replay after an edit is blocked, with the drift on screen", async () => {
      const original = await project.read(HELPERS);
      await project.edit(HELPERS, "length / width", "length / (width * 2)");
      await page.goto(at("/runs?name=exp_v1"));
      await page.locator("tbody tr").last().getByRole("link", { name: "exp_v1" }).click();
      await page.getByRole("button", { name: "Replay" }).click();
      await finish(page);
      assert.match(await text(".verdict"), /rerun blocked due to drift/);
      const drift = page.getByRole("row").filter({ hasText: "petal_shape" }).first();
      assert.match(await drift.innerText(), /features\.iris_v1_features_v1\.petal_shape/);
      assert.match(await drift.innerText(), /in registries\/features\/_helpers\.ts#ratio/);
      assert.match(await drift.innerText(), /changed binding/);
      assert.match(await text("section:has(#drifts) h2"), /2 binding, 2 advisory/);
      const changed = page.locator("section:has(#code) .change");
      assert.match(
        await changed.innerText(),
        /^registries\/features\/_helpers\.ts#ratio line \d+, changed, blocks\n/,
      );
      assert.deepEqual(await changed.locator(":is(del, ins)").allInnerTexts(), [
        "-export const ratio = (length: number, width: number): number => length / width;",
        "+export const ratio = (length: number, width: number): number => length / (width * 2);",
      ]);
      const blocked = page.url();
      await drift.getByRole("link", { name: HELPERS }).click();
      assert.equal(await text("pre"), original);

      await page.goto(blocked);
      await page.getByLabel("Clauses, one per line").fill("features.*_shape");
      await page.getByLabel("Reason").fill("twice as wide is no other shape");
      assert.deepEqual(await violations(page), []);
      await page.getByRole("button", { name: "Accept and replay" }).click();
      await page.waitForURL((url) => url.href !== blocked);
      await finish(page);
      assert.match(await text(".verdict"), /safe to rerun/);
      assert.match(await text("section:has(#drifts)"), /twice as wide is no other shape/);
      await project.edit(HELPERS, "width * 2", "width * 3");
      await page.goto(blocked);
      await page.getByRole("link", { name: "exp_v1" }).first().click();
      await page.getByLabel("Run the recorded source on the recorded data, and compare").check();
      await page.getByRole("button", { name: "Replay" }).click();
      await finish(page);
      assert.match(await text(".verdict"), /reproduced: metrics and weights are bit-identical/);
      await page.goto(blocked);
      await page.getByRole("link", { name: "exp_v1" }).first().click();
      await page.getByLabel("Where drift blocks it, tell which change cost what").check();
      await page.getByRole("button", { name: "Replay" }).click();
      await finish(page);
      assert.match(await text("main"), /Which change carries what/);
      await page.goto(at("/runs"));
      await page.locator("tbody").getByText("blocked").waitFor();
      await project.write(HELPERS, original);
    });

    await t.step("a job that goes on is cancelled from its page", async () => {
      await page.goto(at("/?config=exp_v1&set=model.params.epochs%3D1000000"));
      await page.getByRole("button", { name: "Train" }).click();
      await page.locator("#progress-label").getByText(/^Epoch \d+ of 1000000$/).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.getByRole("button", { name: "Cancel" }).click();
      await finish(page);
      assert.match(await text("#job"), /cancelled/);
      await page.getByRole("link", { name: /^run / }).click();
      assert.match(await text("h1"), /^exp_v1\s+■ killed/);
    });

    await t.step("a wrong override shows the config error, and the form can be mended", async () => {
      await page.goto(at("/?config=exp_v1"));
      await page.getByLabel("Overrides").fill("model.name=logistc_regression");
      await page.getByRole("button", { name: "Train" }).click();
      await finish(page);
      assert.match(
        await text(".trouble"),
        /model\.name: no model "logistc_regression"\. Did you mean "logistic_regression"\?/,
      );
      await page.getByRole("link", { name: "Change and train again" }).click();
      assert.equal(await page.getByLabel("Overrides").inputValue(), "model.name=logistc_regression");
    });

    await t.step("a form that the API refuses says so beside it, and takes the focus there", async () => {
      await page.getByLabel("Overrides").fill("tracking.uri=sqlite:///other.db");
      await page.getByRole("button", { name: "Train" }).click();
      const alert = page.getByRole("alert").and(page.locator(".trouble:not([hidden])"));
      assert.match(await alert.innerText(), /set/);
      assert.equal(await page.locator(".trouble:focus").count(), 1);
    });

    await t.step("all can be done by the keyboard: train, find the run, compare two", async () => {
      await page.goto(at("/?config=baseline"));
      const press = async (key: string, until: string) => {
        for (let times = 0; times < 60; times++) {
          await page.keyboard.press(key);
          if (await page.locator(`${until}:focus`).count() > 0) return;
        }
        assert.fail(`${key} never came to ${until}`);
      };
      await press("Tab", ".skip");
      await press("Tab", "form[data-post] button");
      await page.keyboard.press("Enter");
      await finish(page);
      await press("Tab", "nav a[href='/runs']");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/runs");
      for (const row of [1, 2]) {
        await press("Tab", `tbody tr:nth-child(${row}) input`);
        await page.keyboard.press("Space");
      }
      await press("Tab", "form[action='/compare'] button");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/compare?a=*");
      assert.match(await text("section:has(#params)"), /model\.name\s+≠ differs/);
      assert.match(await text("section:has(#metrics)"), /log_loss\s+≠ differs/);
      assert.match(await text("section:has(#contract)"), /model\.majority_class[\s\S]*removed|added/);
    });

    await t.step("older runs are a page away", async () => {
      await using store = await openStore(`sqlite:///${project.directory}/mlflow.db`);
      const { experiment_id } = await store.ensureExperiment("many");
      for (let number = 0; number < 45; number++) {
        const run = {
          experiment_id,
          run_name: `many ${number}`,
          user_id: "test",
          start_time: number,
          tags: {},
        };
        await store.createRun(run);
      }
      await page.goto(at("/"));
      await page.getByRole("link", { name: "many", exact: true }).click();
      const names = () => page.locator("tbody tr th a").allInnerTexts();
      assert.deepEqual(await names(), Array.from({ length: 40 }, (_, index) => `many ${44 - index}`));
      await page.getByRole("link", { name: "Older runs" }).click();
      await page.getByRole("link", { name: "Newest runs" }).waitFor();
      assert.deepEqual(await names(), Array.from({ length: 5 }, (_, index) => `many ${4 - index}`));
    });

    await t.step("without JavaScript the pages show all there is", async () => {
      const plain = await browser.open({ javaScriptEnabled: false });
      await plain.goto(at("/jobs"));
      await plain.getByRole("link", { name: /^Replay / }).first().click();
      assert.match(await plain.locator(".verdict").innerText(), /rerun blocked due to drift/);
      await plain.goto(at("/"));
      assert.match(await plain.locator("form noscript").innerText(), /needs JavaScript/);
    });

    await t.step("a missing page, run, job and comparison say so", async () => {
      for (
        const [path, status, words] of [
          ["/nothing", 404, /There is no page \/nothing\./],
          [`/runs/${"0".repeat(32)}`, 404, /No run|There is no run|not found/i],
          ["/runs/x", 404, /There is no page/],
          ["/jobs/x", 404, /There is no job x\./],
          ["/compare", 400, /Two runs are compared/],
          ["/runs?status=GONE", 400, /There is no status "GONE"/],
          ["/runs?experiment=<b>x", 404, /There is no experiment "<b>x"/],
        ] as const
      ) {
        const response = await page.goto(at(path));
        assert.equal(response?.status(), status, path);
        assert.match(await text(".trouble"), words);
      }
    });

    await t.step(
      "every page is accessible, light, dark and narrow, weighs under 100 kB and asks no other host",
      async () => {
        await page.goto(at("/runs"));
        const run = await page.locator("tbody a[href^='/runs/']").last().getAttribute("href");
        const boxes = await page.locator("tbody input").all();
        const [a, b] = await Promise.all([boxes.at(-1)!, boxes[0]!].map((box) => box.getAttribute("value")));
        await page.goto(at("/jobs"));
        const jobs = await page.locator("tbody a[href^='/jobs/']").evaluateAll((links) =>
          links.map((link) => link.getAttribute("href")!)
        );
        const paths = [
          "/",
          "/runs",
          run!,
          `${run}/source/${VIEW}`,
          "/jobs",
          ...jobs,
          `/compare?a=${a}&b=${b}`,
          "/nothing",
        ];
        const light = await browser.open({ colorScheme: "light" });
        const dark = await browser.open({ colorScheme: "dark" });
        const narrow = await browser.open({ viewport: { width: 390, height: 844 } });
        for (const path of paths) {
          const { bytes, hosts } = await weigh(light, at(path));
          assert.ok(bytes > 0 && bytes < 100_000, `${path} loads ${bytes} bytes`);
          assert.deepEqual(hosts, [], path);
          await Promise.all([dark, narrow].map((tab) => tab.goto(at(path))));
          for (const tab of [light, dark]) assert.deepEqual(await violations(tab), []);
          const overflow = await overflowOf(narrow);
          assert.ok(overflow <= 0, `${path} is ${overflow} pixels too wide`);
        }
      },
    );
  },
});

Deno.test({
  name: "a browser signs in with a token, and reads the API's documentation, where the server has tokens",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using project = await openProject();
    const token = "a-token-of-this-test-only";
    await using server = await serve(project, [], { REPRISE_RUN_TOKEN: token });
    await using browser = await openBrowser();
    const page = await browser.open();
    const trouble: string[] = [];
    page.on("console", (message) => {
      // The browser tells of each answer of 401 itself, some time after it.
      if (message.type() === "error" && !message.text().includes("status of 401")) {
        trouble.push(message.text());
      }
    });
    page.on("pageerror", (error) => trouble.push(error.message));

    await page.goto(new URL("/jobs", server.url).href);
    assert.equal(await page.locator("h1").innerText(), "Sign in to Reprise");
    assert.deepEqual(await violations(page), []);
    await page.getByLabel("Token").fill("another-token-than-this-server's");
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.equal(await page.getByRole("alert").innerText(), "This server has no such token.");
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.equal(await page.locator("h1").innerText(), "Jobs");

    const { hosts } = await weigh(page, new URL("/docs", server.url).href);
    await page.locator(".opblock-summary-path", { hasText: "/api/train" }).first().waitFor();
    assert.deepEqual([hosts, trouble], [[], []]);
  },
});
