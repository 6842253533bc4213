import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import type { Evaluation } from "../../lib/models/evaluation.ts";
import { plotFiles } from "../../lib/plot/files.ts";
import { toHtml } from "../../lib/report/html.tsx";
import { openStore } from "../../lib/tracking/open_store.ts";
import { parseEvaluation } from "../../lib/training/evaluation/read.ts";
import { openBrowser, overflowOf, violations } from "../browser/browser.ts";
import { openProject, type Project } from "../project.ts";
import { BLOCKED } from "../report/report_fixture.ts";
import { serve } from "../server/serving.ts";

const OF_CLASSES = ["calibration", "confusion_matrix", "feature_distributions"];
const AFTER = ["permutation_importance", "precision_recall", "roc"];
const FILES: Readonly<Record<string, readonly string[]>> = {
  exp_v1: [...OF_CLASSES, "learning_curve", ...AFTER],
  penguins: [...OF_CLASSES, "learning_curve", ...AFTER],
  diabetes: ["feature_distributions", "permutation_importance", "residuals"],
};

/** Trains a config; gives its run, and its plots and evaluation as they were recorded. */
async function trained(project: Project, config: string) {
  const { document: { run_id } } = await project.json("train", config);
  await using store = await openStore(`sqlite:///${join(project.directory, "mlflow.db")}`);
  const text = async (path: string) => new TextDecoder().decode(await store.downloadArtifact(run_id, path));
  const paths = (await store.listArtifacts(run_id, "plots")).map(({ path }) => path);
  return {
    run_id,
    evaluation: await text("evaluation.json"),
    lineage: await text("lineage.svg"),
    plots: Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, await text(path)] as const)),
    ),
  };
}

/** Cases that are hard to draw: names that are long and odd, many classes and features, huge numbers, few rows. */
function hardCases(): Readonly<Record<string, Evaluation>> {
  const classes = Array.from(
    { length: 15 },
    (_, k) => k % 3 ? `c${k}` : `a long name of class <${k}> & "more"\u0007`,
  );
  const curve = Array.from({ length: 200 }, (_, at): [number, number] => [at / 199, (at / 199) ** 0.3]);
  const base = {
    format: "reprise/evaluation/1",
    rows: 98_765,
    folds: 3,
    distribution_rows: 100_000,
    features_left_out: 7,
  } as const;
  const levels = { levels: ["Saint-Rémy-de-Provence", "<b>", "true", "y".repeat(90), "ü"], left_out: 3 };
  const features = Array.from({ length: 40 }, (_, k) => ({
    feature: `${"a_very_long_feature_name_".repeat(k % 3)}${k}`,
    mean: 1e-7 / (k + 1) - 3e-9,
    std: 1e-9,
  }));
  return {
    classes: {
      ...base,
      task: "classification",
      classes,
      classes_left_out: 5,
      confusion: classes.map((_, row) =>
        classes.map((_, column) => row === column ? 6000 + row : row * column)
      ),
      curves: classes.map((name) => ({
        class: name,
        share: 0.1,
        roc: { auc: 0.75, points: curve },
        precision_recall: { average_precision: 0.5, points: curve.map(([x, y]) => [x, 1 - y / 2]) },
        calibration: [{ predicted: 0, actual: 0, rows: 1 }, { predicted: 1, actual: 1, rows: 98_764 }],
      })),
      importance: { metric: "balanced_accuracy", rows: 2000, repeats: 5, features },
      distributions: [
        {
          feature: "huge",
          missing: 12_345,
          bins: { edges: [-3e12, -1e12, 1e12, 3e12] },
          counts: classes.map(() => [3, 9, 1]),
        },
        { feature: "town", missing: 0, bins: levels, counts: classes.map((_, k) => [9, k, 0, 1, 1]) },
        { feature: "empty", missing: 9, bins: { edges: [] }, counts: classes.map(() => []) },
      ],
    },
    values: {
      ...base,
      task: "regression",
      points: [[1e9, 1.2e9], [1e9, -2.5e12]],
      residuals: { edges: [-2e8, 2.501e12], counts: [2] },
      distributions: [
        { feature: "one level", missing: 0, bins: { levels: ["only"], left_out: 0 }, counts: [[5]] },
        { feature: "tiny", missing: 0, bins: { edges: [1e-12, 2e-12] }, counts: [[5]] },
      ],
    },
  };
}

/** What of the texts in the SVG that is shown lies outside of it, or on another text. */
async function clashes(page: Page): Promise<readonly string[]> {
  return await page.evaluate<readonly string[]>(`[...document.querySelectorAll("svg")]
    .filter((svg) => !svg.parentElement?.closest("svg, .legend")).flatMap((svg) => {
      const edge = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim() !== "");
      const isAslant = (text) => /rotate/.test(text.getAttribute("transform") ?? "");
      const boxes = texts.map((text) => ({ text, box: text.getBoundingClientRect() }));
      const outside = boxes.filter(({ box }) => box.left < edge.left - 1 || box.right > edge.right + 1 ||
        box.top < edge.top - 1 || box.bottom > edge.bottom + 1).map(({ text }) => "outside: " + text.textContent);
      const straight = boxes.filter(({ text }) => !isAslant(text));
      const overlaps = straight.flatMap((one, at) => straight.slice(at + 1).filter(({ box }) =>
        box.left < one.box.right - 1 && one.box.left < box.right - 1 &&
        box.top < one.box.bottom - 3 && one.box.top < box.bottom - 3
      ).map(({ text }) => one.text.textContent + " on " + text.textContent));
      return [...outside, ...overlaps];
    })`);
}

/** The least contrast to the page of a text, and of a line that tells something, in the SVG that is shown. */
async function contrasts(
  page: Page,
): Promise<{ readonly page: number; readonly text: number; readonly line: number }> {
  return await page.evaluate(`(() => {
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const colour = (text) => /\\d+/g[Symbol.match](text).map(Number).slice(0, 3);
    const styles = (selector, name) => [...document.querySelectorAll(selector)].map((one) => getComputedStyle(one)[name]);
    const [back] = styles(".page", "fill").map(colour);
    const shade = Math.max(0, ...styles(".cell", "fillOpacity").map(Number));
    const [cell = back] = styles(".cell", "fill").map(colour);
    const mixed = back.map((c, at) => c + shade * (cell[at] - c));
    const ratio = (a, b) => {
      const [light, dark] = [luminance(a), luminance(b)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    };
    const least = (colours, against) => Math.min(21, ...colours.map((one) => ratio(one, against)));
    return {
      page: luminance(back),
      text: Math.min(least(styles("text", "fill").map(colour), back), least(styles(".count", "fill").map(colour), mixed)),
      line: Math.min(least(styles(".line, .bar", "stroke").map(colour), back), least(styles(".dot", "fill").map(colour), back)),
    };
  })()`);
}

Deno.test({
  name: "the plots of a run",
  // The browser's driver keeps what it has opened until the process ends.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using project = await openProject();
    const runs = new Map<string, Awaited<ReturnType<typeof trained>>>();

    await t.step("are recorded with what they show, byte for byte the same again", async () => {
      for (const [config, names] of Object.entries(FILES)) {
        const [one, other] = [await trained(project, config), await trained(project, config)];
        assert.deepEqual(Object.keys(one.plots), names.map((name) => `plots/${name}.svg`));
        assert.deepEqual({ ...one, run_id: "" }, { ...other, run_id: "" });
        assert.ok(parseEvaluation(one.evaluation));
        runs.set(config, one);
      }
    });

    await using browser = await openBrowser();
    const directory = await Deno.makeTempDir();
    const write = async (name: string, text: string) => {
      await Deno.writeTextFile(join(directory, name), text);
      return pathToFileURL(join(directory, name)).href;
    };
    const pictures = [
      ...[...runs].flatMap(([config, { plots, lineage }]) => [
        ...Object.entries(plots).map(([path, svg]) =>
          [`${config}-${path.slice("plots/".length)}`, svg] as const
        ),
        [`${config}-lineage.svg`, lineage] as const,
      ]),
      ...Object.entries(hardCases()).flatMap(([name, evaluation]) =>
        Object.entries(plotFiles(evaluation, [])).map(([file, svg]) => [`${name}-${file}`, svg] as const)
      ),
    ];
    const urls = await Promise.all(pictures.map(([name, svg]) => write(name, svg)));

    await t.step("are whole SVG files, which say what they show", async () => {
      const page = await browser.open();
      for (const url of urls) {
        await page.goto(url);
        const told = await page.evaluate<readonly string[]>(`["title", "desc"].map((name) =>
          document.documentElement.querySelector(":scope > " + name)?.textContent ?? "")`);
        for (const words of told) assert.ok(words.length > 5, url);
        assert.equal(await page.evaluate("document.querySelectorAll('parsererror').length"), 0, url);
      }
    });

    await t.step("have no text that is cut or lies on another", async () => {
      const page = await browser.open();
      for (const url of urls) {
        await page.goto(url);
        assert.deepEqual(await clashes(page), [], url);
      }
    });

    await t.step("are readable in light, in dark and in print", async () => {
      const schemes = [
        { colorScheme: "light", media: "screen", isDark: false },
        { colorScheme: "dark", media: "screen", isDark: true },
        { colorScheme: "dark", media: "print", isDark: false },
      ] as const;
      const page = await browser.open();
      for (const { isDark, ...media } of schemes) {
        await page.emulateMedia(media);
        for (const url of urls) {
          await page.goto(url);
          const found = await contrasts(page);
          assert.equal(found.page < 0.1, isDark, url);
          assert.ok(found.text >= 4.5 && found.line >= 3, `${url}: ${JSON.stringify(found)}`);
        }
      }
    });

    await t.step(
      "are in the report, of both sides where two are compared, and not where none is recorded",
      async () => {
        const [past, current] = [parseEvaluation(runs.get("penguins")!.evaluation)!, hardCases().classes!];
        const both = await write("both.html", toHtml(BLOCKED, { evaluations: { past, current } }));
        const one = await write("one.html", toHtml(BLOCKED, { evaluations: { past } }));
        for (const colorScheme of ["light", "dark"] as const) {
          const page = await browser.open({ colorScheme, viewport: { width: 1200, height: 800 } });
          await page.goto(both);
          assert.deepEqual(
            (await page.locator("section:has(#plots) figcaption").allInnerTexts()).slice(0, 2).map((text) =>
              text.split("\n")[0]
            ),
            ["Confusion matrix, past", "Confusion matrix, current"],
          );
          assert.deepEqual(await violations(page), []);
          assert.deepEqual(await clashes(page), []);
          await page.setViewportSize({ width: 390, height: 800 });
          assert.ok(await overflowOf(page) <= 0);
        }
        const page = await browser.open();
        await page.goto(one);
        assert.equal(await page.locator("section:has(#plots) figure").count(), 6);
        await page.goto(await write("none.html", toHtml(BLOCKED)));
        assert.equal(await page.locator("#plots").count(), 0);
      },
    );

    await t.step(
      "are in the report of a replay, on the page of the run, and of two that are compared",
      async () => {
        const { stdout } = await project.run("replay", "exp_v1", "--format", "html");
        const page = await browser.open();
        await page.goto(await write("replay.html", stdout));
        assert.equal(await page.locator("section:has(#plots) figure").count(), 6);
        await using server = await serve(project);
        const [a, b] = ["exp_v1", "penguins"].map((config) => runs.get(config)!.run_id);
        await page.goto(new URL(`/compare?a=${a}&b=${b}`, server.url).href);
        assert.equal(await page.locator("section:has(#plots) figure").count(), 12);
        for (const [config, { run_id }] of runs) {
          for (const colorScheme of ["light", "dark"] as const) {
            const page = await browser.open({ colorScheme });
            await page.goto(new URL(`/runs/${run_id}`, server.url).href);
            const figures = FILES[config]!.filter((name) => name !== "learning_curve").length;
            assert.equal(await page.locator("section:has(#plots) figure").count(), figures);
            assert.deepEqual(await violations(page), []);
            await page.setViewportSize({ width: 390, height: 800 });
            assert.ok(await overflowOf(page) <= 0);
          }
        }
      },
    );
    await Deno.remove(directory, { recursive: true });
  },
});
