import type { RerunLimits } from "./warden.ts";

/** How long recorded code may run, and what it may take, where nothing else is asked for. */
export const defaultLimits: RerunLimits = { timeout: 600, memory: 4096, output: 256 };
