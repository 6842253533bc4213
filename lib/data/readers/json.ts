import { ExperimentError } from "../../base/error.ts";
import { isRecord, show } from "../../document/show.ts";
import type { TableBuilder } from "../builder.ts";

/**
 * Reads the rows of a JSON file: a list of objects, or an object on each line. Of lines only one part is held at a time.
 *
 * @throws {ExperimentError} `INVALID_PARAMETER_VALUE` where it is something else.
 */
export async function readJson(
  parts: AsyncIterable<Uint8Array>,
  builder: TableBuilder,
  { place }: { readonly place: string },
): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let form: "list" | "lines" | undefined;
  let line = 0;
  const take = (bytes?: Uint8Array) => {
    try {
      text += decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw errorOf(place, "it is not UTF-8", cause);
    }
    form ??= formOf(text);
    if (form !== "lines") return;
    const end = bytes === undefined ? text.length : text.lastIndexOf("\n") + 1;
    for (let from = 0; from < end;) {
      const lineEnd = text.indexOf("\n", from);
      const row = text.slice(from, lineEnd < 0 ? end : lineEnd);
      line++;
      if (/\S/.test(row)) addRow(parse(row, `${place}:${line}`), line);
      from += row.length + 1;
    }
    text = text.slice(end);
  };
  const columns = () => builder.begin({ place, by: form === "list" ? "row" : "line" });
  let adders: ReturnType<typeof columns> | undefined;
  const addRow = (row: unknown, at: number) => {
    adders ??= columns();
    if (!isRecord(row)) {
      const where = form === "list" ? `${place}: row ${at}` : `${place}:${at}`;
      throw new ExperimentError(
        "INVALID_PARAMETER_VALUE",
        `${where}: expected an object, found ${show(row)}`,
      );
    }
    for (let column = 0; column < adders.length; column++) {
      const { name } = builder.columns[column]!;
      adders[column]!(Object.hasOwn(row, name) ? row[name] : undefined, at);
    }
  };

  for await (const bytes of parts) take(bytes);
  take();
  if (form === "list") (parse(text, place) as readonly unknown[]).forEach((row, at) => addRow(row, at + 1));
}

/** A list begins with its bracket; undefined where there is nothing yet. */
function formOf(text: string): "list" | "lines" | undefined {
  const [first] = /\S/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "[" ? "list" : "lines";
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw errorOf(place, (cause as Error).message, cause);
  }
}

function errorOf(place: string, reason: string, cause: unknown): ExperimentError {
  return new ExperimentError("INVALID_PARAMETER_VALUE", `${place} can't be read as JSON: ${reason}.`, {
    cause,
  });
}
