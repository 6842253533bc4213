import { isIP, isIPv6 } from "node:net";

/**
 * The address of who asks: the connection's own or, where that is of a trusted proxy, the last one in `X-Forwarded-For`
 * that isn't of a trusted proxy itself. What stands before that one is whatever the client said, and isn't read.
 *
 * @param proxies The addresses of trusted proxies, as `plainAddress` gives them.
 */
export function clientAddress(
  connection: string | undefined,
  { forwarded, proxies }: { readonly forwarded: string | undefined; readonly proxies: readonly string[] },
): string {
  let client = plainAddress(connection ?? "") ?? "unknown";
  for (const hop of (forwarded ?? "").split(",").reverse()) {
    const address = plainAddress(hop.trim());
    if (!proxies.includes(client) || address === undefined) return client;
    client = address;
  }
  return client;
}

/** An IP address in its one form, without a port and brackets; undefined for what is none. */
export function plainAddress(text: string): string | undefined {
  const [, bracketed, portless] = /^(?:\[(.*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/.exec(text) ?? [];
  const address = (bracketed ?? portless ?? text).replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIP(address)) return undefined;
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** What counts as one client: an IPv4 address, or the /64 network of an IPv6 one, of which everyone has many addresses. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [begin, end] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = end === undefined ? 0 : 8 - begin!.length - end.length;
  return `${[...begin!, ...Array(zeros).fill("0"), ...end ?? []].slice(0, 4).join(":")}::/64`;
}
