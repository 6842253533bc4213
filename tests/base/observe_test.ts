import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { nameOf } from "../../lib/base/observe/input.ts";
import { observeProcess } from "../../lib/base/observe/observe.ts";
import { readYaml } from "../../lib/document/yaml.ts";
import { type Inputs, observing } from "../../lib/base/observe/scope.ts";

const node = <Name extends string>(name: Name) => process.getBuiltinModule(name as "node:fs");
// deno-lint-ignore no-explicit-any
const any = (name: string) => process.getBuiltinModule(name) as any;
// deno-lint-ignore no-explicit-any
const temporal = () => (globalThis as any).Temporal;

/** What code asks for, as names of inputs; `DIR` stands for a folder of the test's own. */
const CASES: Readonly<
  Record<string, readonly [ask: (folder: string) => unknown, inputs: readonly string[]]>
> = {
  "a date of a day, a month and a year": [() => new Date("05-01-2024"), ["timezone"]],
  "a date after a space": [() => Date.parse(" 2024-01-01"), ["timezone"]],
  "a year of five digits": [() => new Date("12345"), ["timezone"]],
  "a date made of an object": [() => new Date(Object("2024-05-01T00:00")), ["timezone"]],
  "dates that say where they are": [
    () =>
      [
        ...["2024-05-01T10:00:00.000Z", "2024-05-01T10:00+02:00", "2024-05", "2024", "-000100-01-01"],
        ...[
          "Wed, 01 May 2024 10:00:00 GMT",
          "Wed May 01 2024 10:00:00 GMT+0100 (BST)",
          "5/1/2024 10:00 PM UTC",
        ],
      ].map((text) => new Date(text)),
    [],
  ],
  "an empty list of locales": [() => (1.5).toLocaleString([]), ["locale"]],
  "a locale that there isn't": [() => new Intl.NumberFormat("xx"), ["locale"]],
  "locales of which there is one": [() => new Intl.NumberFormat(["xx", "en"]), []],
  "a locale": [() => "a".localeCompare("b", "de"), []],
  "the constructor of a format": [
    () => Reflect.construct(new Intl.NumberFormat("en").constructor, []),
    ["locale"],
  ],
  "an instant as text": [
    () => temporal().Instant.fromEpochMilliseconds(0).toLocaleString(),
    ["locale", "timezone"],
  ],
  "a plain date as text": [() => temporal().PlainDate.from("2024-05-01").toLocaleString(), ["locale"]],
  "what is piped in, by its number": [() => tried(() => node("node:fs").readFileSync(0)), ["terminal"]],
  "bytes of what is piped in": [
    () => tried(() => node("node:fs").readSync(0, new Uint8Array(0))),
    ["terminal"],
  ],
  "whether there is a terminal": [() => any("node:tty").isatty(1), ["terminal"]],
  "whether Deno has a terminal": [() => Deno.stdout.isTerminal(), ["terminal"]],
  "whether there are colors": [() => Deno.noColor, ["env.NO_COLOR"]],
  "the arguments, parsed": [() => any("node:util").parseArgs({ strict: false }), ["arguments"]],
  "given arguments, parsed": [() => any("node:util").parseArgs({ strict: false, args: [] }), []],
  "the options of the program": [() => process.execArgv, ["arguments"]],
  "what is permitted": [() => Deno.permissions.querySync({ name: "net" }), ["machine"]],
  "the program's file": [() => Deno.execPath(), ["machine"]],
  "the metadata of an open file": [
    async (folder) => {
      const handle = await any("node:fs/promises").open(join(folder, "a.txt"));
      await handle.stat();
      await handle.close();
    },
    ["file.DIR/a.txt", "metadata"],
  ],
  "another working directory": [() => Deno.chdir("."), ["directory"]],
  "the use of the event loop": [
    () => any("node:perf_hooks").performance.eventLoopUtilization(),
    ["clock"],
  ],
  "the name of a blob": [() => URL.revokeObjectURL(URL.createObjectURL(new Blob([]))), ["random"]],
  "a key of a known group": [() => any("node:crypto").getDiffieHellman("modp1"), ["random"]],
  "a signature that draws": [
    async () => {
      const algorithm = { name: "ECDSA", namedCurve: "P-256" };
      await Promise.all([
        crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, await keyOf(algorithm), new Uint8Array(1)),
      ]);
    },
    ["random"],
  ],
  "a database by a URI": [
    (folder) => openDatabase(`file:${folder}/b.db?mode=rwc`).close(),
    ["file.DIR/b.db"],
  ],
  "what SQL asks for": [
    () => {
      const database = openDatabase(":memory:");
      database.prepare("SELECT abs(random() / 2) > 0, datetime('now')").all();
      database.exec("ATTACH ':memory:' AS other");
      database.close();
    },
    ["clock", "native", "random"],
  ],
  "a config's text, whose parser looks at variables": [
    () => readYaml("a: [1, b]", () => ({ label: "", origin: "", order: 0 })),
    [],
  ],
  "what SQL is given": [
    () => {
      const database = openDatabase(":memory:");
      database.prepare("SELECT 1 + 1").all();
      database.close();
    },
    [],
  ],
};

const openDatabase = (path: string) => new (any("node:sqlite").DatabaseSync)(path);

const P256 = {
  kty: "EC",
  crv: "P-256",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};

const keyOf = (algorithm: EcKeyImportParams) =>
  crypto.subtle.importKey("jwk", P256, algorithm, false, ["sign"]);

function tried(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error);
  }
}

Deno.test("what code asks for is noted", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "reprise-test-" });
  await Deno.writeTextFile(join(folder, "a.txt"), "one");
  for (const [name, [ask, expected]] of Object.entries(CASES)) {
    await t.step(name, async () => {
      using _observed = observeProcess();
      const inputs: Inputs = new Map();
      await observing(inputs, async () => await ask(folder));
      const found = [...inputs.values()].map((input) =>
        nameOf(input).replace(/file\..*\/reprise-test-[^/]*/, "file.DIR")
      );
      assert.deepEqual(found.sort(), expected);
    });
  }
  await Deno.remove(folder, { recursive: true });
});
