import type { Drift } from "../compare.ts";
import { html } from "../deps/hono_html.ts";
import type { ReportDocument } from "../report/report.ts";
import type { DeclarationTexts } from "./declarations.ts";
import type { Html } from "./layout.ts";
import { badge, breakable, clip, count, digest, facts, section, table, verdictBanner } from "./parts.ts";
import { sourceUrl } from "./reading.ts";

/** How many drifts have room in one page. */
const SHOWN = 80;
/** How many declarations of one drift are named. */
const LINES = 4;
/** How much of a declaration is shown. */
const CHARACTERS = 1000;
/** How many declarations are shown with their text. */
const TEXTS = 12;

/**
 * A replay report: the verdict in words, why, and every drift.
 *
 * @param texts The declarations behind each side, where they are known.
 */
export function reportPart(
  report: ReportDocument,
  texts: { readonly past: DeclarationTexts; readonly current: DeclarationTexts },
): Html {
  const { verdict, run_id, run_name, rerun_id, config, drifts, notes, reasons } = report;
  return html`${verdictBanner(verdict)}
${
    reasons.length === 0
      ? ""
      : html`<ul class="reasons">${
        reasons.map((reason) => html`<li>${verdict === "diverged" ? "First difference: " : ""}${reason}</li>`)
      }</ul>`
  }
${
    facts([
      [
        "Run",
        html`<a href="/runs/${run_id}">${run_name}</a> <code class="digest">${run_id.slice(0, 8)}</code>`,
      ],
      ...(config === "" ? [] : [["Judged by", html`<code>${config}</code>`] as const]),
      ...(rerun_id === undefined ? [] : [
        [
          "Trained again as",
          html`<a href="/runs/${rerun_id}">${
            rerun_id.slice(0, 8)
          }</a> (<a href="/compare?a=${run_id}&b=${rerun_id}">compare</a>)`,
        ] as const,
      ]),
    ])
  }
${notes.map((note) => html`<p>${note}</p>`)}
${
    section(
      "drifts",
      "Drifts",
      drifts.length === 0
        ? html`<p>No drift.</p>`
        : driftTable(drifts, [{ name: "Past", run: run_id, texts: texts.past }, {
          name: "Current",
          texts: texts.current,
        }]),
      drifts.length === 0 ? "" : driftCount(drifts),
    )
  }`;
}

function driftCount(drifts: readonly Drift[]): string {
  const binding = drifts.filter((drift) => drift.binding).length;
  return `${binding} binding, ${drifts.length - binding} advisory`;
}

/** One of two contracts that are compared: its name, the run that recorded it, and its declarations where known. */
interface Side {
  readonly name: string;
  readonly run?: string;
  readonly texts?: DeclarationTexts;
}

/** Drifts with what is known of each side; declarations link to the source that a run recorded. */
export function driftTable(drifts: readonly Drift[], [past, current]: readonly [Side, Side]): Html {
  // A helper that many features use is shown with the first of them.
  const first = new Map<string, string>();
  for (const { clause, declarations = [] } of drifts.filter(({ kind }) => kind === "changed")) {
    for (const one of declarations) if (!first.has(one) && first.size < TEXTS) first.set(one, clause);
  }
  const code = ({ clause, declarations = [] }: Drift, { texts }: Side) =>
    declarations.flatMap((one) => first.get(one) === clause ? texts?.(clause, one) ?? [] : []);
  return html`${
    table(
      "Drifts",
      ["Clause", "Drift", past.name, current.name],
      drifts.slice(0, SHOWN).map((drift) => ({
        tone: drift.binding ? "binding" : "advisory",
        cells: [
          html`<span class="clause">${breakable(drift.clause)}</span>${
            drift.kind === "changed" ? declarationLines(drift.declarations ?? [], past.run) : ""
          }`,
          html`<span class="kind">${
            badge(
              drift.binding ? "bad" : "unsure",
              { changed: "≠", added: "+", removed: "−" }[drift.kind],
              drift.kind,
            )
          } <span class="quiet-text">${drift.binding ? "binding" : "advisory"}</span></span>`,
          side(code(drift, past), drift.values?.past, drift.past),
          side(code(drift, current), drift.values?.current, drift.current),
        ],
      })),
      { stack: true },
    )
  }${drifts.length > SHOWN ? html`<p>${count(drifts.length - SHOWN, "more drift")}.</p>` : ""}`;
}

function declarationLines(declarations: readonly string[], run: string | undefined): Html {
  const rest = declarations.length - LINES;
  return html`${declarations.slice(0, LINES).map((declaration) => declarationLine(declaration, run))}${
    rest > 0 ? html`<div class="declaration">and ${count(rest, "more declaration")}</div>` : ""
  }`;
}

function declarationLine(declaration: string, run: string | undefined): Html {
  const [file = "", ...name] = declaration.split("#");
  const isModule = !/^([a-z]+:|\/)/i.test(file) && /\.\w+$/.test(file);
  return html`<div class="declaration">in <code>${
    run !== undefined && isModule
      ? html`<a href="${sourceUrl(run, file)}">${breakable(file)}</a>#<wbr>${breakable(name.join("#"))}`
      : breakable(declaration)
  }</code></div>`;
}

function side(code: readonly string[], words: string | undefined, value: string | null): Html {
  return html`${
    code.map((text) => html`<pre class="declared"><code>${clip(text, CHARACTERS)}</code></pre>`)
  }${words === undefined ? "" : html`<div class="long">${clip(words, 400)}</div>`}${digest(value)}`;
}
