/** The URLs of the modules that were resolved under observation. */
const seen = new Set<string>();

/** Says that a module is loaded under observation. */
export function see(url: string): void {
  seen.add(url);
}

/** Whether a module was loaded in such a way that its imports of Node's modules were observed. */
export function isSeen(url: string): boolean {
  return seen.has(url);
}
