import { digestOf } from "../digest.ts";
import { askFile } from "./files.ts";
import type { InputKind } from "./input.ts";
import { observeDate } from "./dates.ts";
import type { Patches } from "./patch.ts";
import { ask } from "./scope.ts";

/** Notes that something was asked for that can't be had again. */
export function askFor(kind: InputKind): () => void {
  return () => ask(kind, kind, () => ({ kind, name: "", digest: digestOf(kind) }));
}

/** Observes what is global. */
export function observeGlobals(patches: Patches): void {
  const { calls, reads } = patches;
  observeDate(patches);

  const { random } = Math;
  const askRandom = askFor("random");
  patches.replace(Math, "random", () => () => {
    askRandom();
    return random();
  });
  calls(Crypto.prototype, ["getRandomValues", "randomUUID"], askRandom);
  calls(SubtleCrypto.prototype, ["generateKey", "encapsulateBits", "encapsulateKey"], askRandom);
  calls(SubtleCrypto.prototype, ["sign", "encrypt", "wrapKey"], (args) => {
    if (args.some(isDrawing)) askRandom();
  });
  calls(URL, ["createObjectURL"], askRandom);

  const askClock = askFor("clock");
  calls(Performance.prototype, ["now", "mark", "measure", "toJSON"], askClock);
  reads(Performance.prototype, ["timeOrigin"], askClock);
  reads(Event.prototype, ["timeStamp"], askClock);
  reads(File.prototype, ["lastModified"], askClock);

  calls(globalThis, ["fetch"], ([given]) => askAt(given));
  calls(globalThis, ["WebSocket", "EventSource", "WebSocketStream", "WebTransport"], askFor("network"));
  calls(globalThis, ["Worker"], askFor("worker"));
  calls(globalThis, ["prompt", "confirm", "alert"], askFor("terminal"));
  const askStorage = askFor("storage");
  reads(globalThis, ["localStorage", "sessionStorage", "caches"], askStorage);
  const askMachine = askFor("machine");
  reads(Navigator.prototype, ["hardwareConcurrency", "gpu"], askMachine);
}

/** Whether what a cipher or a signature is made by draws: the same input gives another result each time. */
function isDrawing(algorithm: unknown): boolean {
  const { name } = typeof algorithm === "object" ? (algorithm ?? {}) as { readonly name?: unknown } : {};
  return /^(?:ECDSA|RSA-PSS|RSA-OAEP|ML-DSA.*)$/i.test(
    String(typeof algorithm === "string" ? algorithm : name),
  );
}

const askNetwork = askFor("network");

function askAt(given: unknown): void {
  const url = given instanceof Request ? given.url : String(given);
  if (/^(data|blob):/i.test(url)) return;
  if (/^file:/i.test(url) && URL.canParse(url)) askFile(new URL(url));
  else askNetwork();
}
