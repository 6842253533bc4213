import assert from "node:assert/strict";
import axe, { type AxeResults } from "axe-core";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { chromiumPath } from "./setup.ts";

/** A browser with a profile of its own. */
export interface TestBrowser extends AsyncDisposable {
  /** Opens a tab; what its pages complain of fails the test when the browser is closed. */
  open(options?: BrowserContextOptions): Promise<Page>;
}

/** Starts a browser without a window. */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const complaints: string[] = [];
  return {
    async open(options = {}) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
      page.on("console", (message) => {
        // A browser tells of every answer that is an error, those of the API and of missing pages too.
        if (message.text().startsWith("Failed to load resource")) return;
        if (["error", "warning"].includes(message.type())) {
          complaints.push(`${page.url()}: ${message.text()}`);
        }
      });
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      assert.deepEqual(complaints, []);
    },
  };
}

/** What axe finds wrong with the page that is shown, with all that is folded opened, a line each. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate("document.querySelectorAll('details').forEach((folded) => folded.open = true)");
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(" ")}`)
  );
  return found.map((line) => `${new URL(page.url()).pathname} ${line}`);
}

/** Shows a page in a tab with an empty cache; gives the bytes that it loaded, and from which other hosts. */
export async function weigh(
  page: Page,
  url: string,
): Promise<{ readonly bytes: number; readonly hosts: readonly string[] }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const hosts = new Set<string>();
  let bytes = 0;
  session.on("Network.requestWillBeSent", ({ request }) => void hosts.add(new URL(request.url).host));
  session.on("Network.loadingFinished", ({ encodedDataLength }) => void (bytes += encodedDataLength));
  await page.goto(url, { waitUntil: "load" });
  await session.detach();
  return { bytes, hosts: [...hosts].filter((host) => host !== "" && host !== new URL(url).host) };
}

/** How many pixels the page that is shown is wider than the window. */
export async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
}
