import { readState } from "./read_state.ts";

// This is a module of its own since a thread is started with one.
(self as unknown as { postMessage(message: unknown): void }).postMessage(readState());
