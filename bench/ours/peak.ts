/** The most memory that this process has had so far, in MB, as Linux tells it. */
export function peakMegabytes(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))!;
  return Number(kilobytes) / 1024;
}
