/** Whether bubblewrap can hold a process here. */
export const hasBwrap: boolean = await new Deno.Command("bwrap", {
  args: ["--unshare-all", "--ro-bind", "/", "/", "true"],
}).output().then(({ success }) => success, () => false);

/** What holds recorded code that is run by a process that may run anything. */
export const HELD = hasBwrap ? "permissions and bwrap" : "permissions";
