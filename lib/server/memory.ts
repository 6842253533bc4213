/**
 * The bytes of memory that a process and all that it started hold, by the kernel or by `ps`; undefined where neither can
 * be asked.
 */
export async function memoryOf(pid: number): Promise<number | undefined> {
  return await byKernel(pid) ?? await byPs(pid);
}

/** By `/proc`, which Linux has, and Deno reads with all permissions alone. */
async function byKernel(pid: number): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
    const own = 1024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
    const others = await Promise.all(
      children.split(" ").filter(Boolean).map((child) => byKernel(Number(child))),
    );
    return others.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
  } catch {
    return undefined;
  }
}

async function byPs(pid: number): Promise<number | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("ps", {
      args: ["-A", "-o", "pid=,ppid=,rss="],
      stderr: "null",
    }).output();
    if (!success) return undefined;
    const rows = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
      line.trim().split(/\s+/).map(Number)
    );
    const below = (parent: number): number =>
      rows.filter(([, of]) => of === parent).reduce((sum, [id, , kib]) => sum + kib! + below(id!), 0);
    const own = rows.find(([id]) => id === pid);
    return own && 1024 * (own[2]! + below(pid));
  } catch {
    return undefined;
  }
}
