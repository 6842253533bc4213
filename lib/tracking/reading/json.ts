import { LIMITS } from "../limits.ts";
import type { Reading } from "./reading.ts";

/** The value in a text of JSON that a store gave; or in words why it is none that is read. */
export function parseJson(text: string): Reading<unknown> {
  const misshapen = (reason: string) => ({ reason, absent: false });
  if (isDeeper(text, LIMITS.jsonDepth)) {
    return misshapen(`its lists and maps are more than ${LIMITS.jsonDepth} deep in each other`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return misshapen("it is not JSON");
  }
  // A property of this name would change what every other name in the same map finds.
  if (/__proto__|\\u00/i.test(text) && hasPrototypeKey(value)) return misshapen('it has the key "__proto__"');
  return { value };
}

/** Whether lists and maps are deeper in each other than a depth, told before anything is made of them. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) isText = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > most) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasPrototypeKey);
}
