import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ReplayReport } from "../../lib/replay/report.ts";
import { toHtml } from "../../lib/report/html.tsx";
import { toJUnit } from "../../lib/report/junit.ts";
import { openBrowser, overflowOf, violations } from "../browser/browser.ts";
import { BLOCKED, CURVES, DIVERGED, SAFE, UNVERIFIABLE } from "./report_fixture.ts";

/** Texts that would break out of a page or of XML. */
const NASTY =
  '</pre><script>document.title = "run"</script><img src=x onerror=alert(1)> ]]> & "\u0000\u001b\ufffe';

Deno.test({
  name: "the HTML report",
  // The browser's driver keeps what it has opened until the process ends.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const directory = await Deno.makeTempDir();
    const write = async (name: string, report: ReplayReport, curves = CURVES) => {
      const file = join(directory, `${name}.html`);
      await Deno.writeTextFile(file, toHtml(report, { curves }));
      return pathToFileURL(file).href;
    };
    await using browser = await openBrowser();
    const url = await write("blocked", BLOCKED);

    await t.step("opens offline and asks for nothing", async () => {
      const page = await browser.open();
      await page.context().setOffline(true);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(url);
      assert.deepEqual(asked, [url]);
      assert.equal(await page.title(), "Replay of exp_v1: rerun blocked due to drift");
    });

    await t.step(
      "shows the verdict, then the drifts, those that block first, then what is behind them",
      async () => {
        const page = await browser.open({ javaScriptEnabled: false });
        await page.goto(url);
        const headings = await page.locator("h1, .verdict, h2").allInnerTexts();
        assert.deepEqual(headings.map((text) => text.replace("\n", " ")), [
          "Replay of exp_v1",
          "✕ rerun blocked due to drift",
          "Drifts 11 binding (1 waived), 3 advisory (1 allowed)",
          "Code 2 declarations",
          "Data: iris_v1",
          "Config",
          "What can’t be told",
          "The recorded source, run again",
          "Which change carries what",
          "Metrics",
          "All clauses",
        ]);
        const rows = await page.locator("section:has(#drifts) tbody tr").allInnerTexts();
        assert.match(rows[0]!, /^data\.iris_v1\.rows\s+≠ changed binding\s+150 rows/);
        assert.match(rows.at(-1)!, /^environment\.commit\s+\+ added advisory/);
        assert.ok(
          rows.some((row) =>
            row.includes("waived, as claimed by ada on 2026-11-02 until 2027-01-31: only the message")
          ),
        );
        assert.ok(rows.some((row) => row.includes("computes the same values on all 150 rows")));
        assert.deepEqual(await page.locator(".change h3").allInnerTexts(), [
          "registries/features/_helpers.ts#scale line 12, changed, blocks",
          "registries/models/logistic_regression.ts#steps line 3, changed",
        ]);
        assert.deepEqual(await page.locator(".change:first-of-type pre :is(del, ins)").allInnerTexts(), [
          "-  const factor = 10;",
          "+  const factor = 100;",
        ]);
        assert.deepEqual(await page.locator(".change:first-of-type mark").allInnerTexts(), ["10", "100"]);
        assert.match(
          (await page.locator("section:has(#config) tbody tr").first().innerText()).replace(/\s+/g, " "),
          /^model\.params\.epochs 200 100 configs\/exp_v1\.yaml:7:22$/,
        );
        assert.equal(
          await page.getByRole("img", { name: "Range and mean of petal_length" }).locator("desc")
            .textContent(),
          "past: from 1 to 6.9, mean 3.758. current: from 1 to 14, mean 3.9213.",
        );
        assert.equal(
          await page.getByRole("img", { name: "Levels of species" }).locator("desc").textContent(),
          "virginica: 50 before, 52 now. versicolor: 50 before, 49 now.",
        );
        const curve = page.getByRole("img", { name: "train_loss by step" });
        assert.match(
          await curve.locator("desc").textContent() ?? "",
          /^past: .* current: .*1 of 40 values not finite\.$/,
        );
        assert.equal(await curve.locator("path.line").count(), 2);
      },
    );

    await t.step("is accessible in light and dark, wide and narrow, and fits the window", async () => {
      const urls = [
        url,
        await write("safe", SAFE, []),
        await write("unverifiable", UNVERIFIABLE, []),
        await write("diverged", DIVERGED),
      ];
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.open({ colorScheme, viewport: { width: 1200, height: 800 } });
        for (const one of urls) {
          await page.setViewportSize({ width: 1200, height: 800 });
          await page.goto(one);
          assert.deepEqual(await violations(page), []);
          await page.setViewportSize({ width: 390, height: 800 });
          const overflow = await overflowOf(page);
          assert.ok(overflow <= 0, `${one} is ${overflow} pixels too wide`);
        }
        const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        const [red] = /\d+/.exec(background)!;
        assert.equal(Number(red) < 128, colorScheme === "dark");
      }
    });

    await t.step("prints in light, with nothing clipped and nothing folded", async () => {
      const page = await browser.open({ colorScheme: "dark", viewport: { width: 718, height: 1000 } });
      const wide = "const wide = [" + "1234567890, ".repeat(40) + "];";
      const change = { ...BLOCKED.code[0]!, diff: `@@ -1 +1 @@\n-${wide}\n+${wide.replace("1", "2")}\n` };
      await page.goto(await write("wide", { ...BLOCKED, code: [change] }));
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      assert.equal(
        await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"),
        "rgb(255, 255, 255)",
      );
      const clipped = await page.evaluate<readonly string[]>(`
        [...document.querySelectorAll("pre, pre *, .scroll, table")]
          .filter((box) => box.getBoundingClientRect().right > innerWidth || box.scrollWidth > box.clientWidth + 1 &&
            getComputedStyle(box).display !== "inline")
          .map((box) => box.outerHTML.slice(0, 80))
      `);
      assert.deepEqual(clipped, []);
      const folded = page.locator("details table");
      assert.ok((await folded.boundingBox())!.height > 100);
      assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
    });

    await t.step("is read by the keyboard: tables are reached in order, the clauses unfold", async () => {
      const page = await browser.open();
      await page.goto(url);
      const reached: (string | null)[] = [];
      for (let times = 0; times < 40; times++) {
        await page.keyboard.press("Tab");
        const focused = page.locator(":focus");
        if (await focused.count() === 0) break;
        reached.push(await focused.getAttribute("aria-label") ?? await focused.innerText());
        if (reached.at(-1) === "17 clauses of the contract") break;
      }
      assert.deepEqual([reached[0], reached.at(-1)], ["Drifts", "17 clauses of the contract"]);
      assert.notEqual(
        await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle"),
        "none",
      );
      assert.equal(await page.getByRole("row", { name: "metrics.accuracy" }).count(), 0);
      await page.keyboard.press("Enter");
      assert.equal(await page.getByRole("row", { name: "metrics.accuracy" }).count(), 1);
    });

    await t.step("shows texts of others as texts, as JUnit does", async () => {
      const report: ReplayReport = {
        ...BLOCKED,
        run_name: NASTY,
        reasons: [NASTY],
        code: [{ ...BLOCKED.code[0]!, declaration: NASTY, diff: `@@ -1 +1 @@\n-${NASTY}\n+x\n` }],
      };
      const page = await browser.open();
      await page.goto(await write("nasty", report));
      assert.equal(await page.locator("main script, main img:not(svg)").count(), 0);
      assert.match(await page.title(), /^Replay of <\/pre><script>/);
      assert.match(await page.locator("del").innerText(), /^-<\/pre><script>document\.title/);
      const xml = toJUnit([report, UNVERIFIABLE]);
      const parsed = await page.evaluate<readonly string[], string>(
        (text) => {
          const { DOMParser } = globalThis as unknown as {
            DOMParser: new () => { parseFromString: CallableFunction };
          };
          const parsed = new DOMParser().parseFromString(text, "application/xml");
          const suite = parsed.querySelector("testsuite");
          return [
            parsed.querySelectorAll("parsererror").length,
            parsed.querySelectorAll("testcase").length,
            suite.getAttribute("name"),
          ].map(String);
        },
        xml,
      );
      assert.deepEqual(parsed, ["0", "35", NASTY.slice(0, -3) + "\ufffd".repeat(3)]);
    });
    await Deno.remove(directory, { recursive: true });
  },
});
