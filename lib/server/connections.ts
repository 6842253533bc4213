import type { Server } from "node:http";
import type { Socket } from "node:net";
import { elapsed } from "../base/environment.ts";
import { networkOf, plainAddress } from "./guard/address.ts";
import { openSlots } from "./guard/slots.ts";

/** How many connections a server bears, and how slow they may be. */
export interface ConnectionLimits {
  /** How many may be open. */
  readonly total: number;
  /** How many of them may be of one client. */
  readonly perClient: number;
  /** The addresses of proxies, whose connections are of many clients. */
  readonly proxies: readonly string[];
  /** How many milliseconds a client may take nothing of what it is sent, beside the time that it is given for its size. */
  readonly stallMilliseconds: number;
}

/** How many bytes a client has to take in a second of what it is sent at once. */
const SLOWEST = 32 * 1024;
/** How many milliseconds a connection that was told to end may stay open, so that its last words can be read. */
const GRACE_MS = 1000;

/** Keeps the connections of a server within limits: those that are too many or too slow are closed. */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const open = new Map<Socket, { mark: string; since: number }>();
  const places = openSlots(limits.perClient);
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
    const leave = limits.proxies.includes(address) ? () => {} : places(networkOf(address));
    if (leave === undefined || open.size >= limits.total) {
      leave?.();
      socket.destroy();
      return;
    }
    open.set(socket, { mark: "", since: 0 });
    socket.on("close", () => {
      open.delete(socket);
      leave();
    });
  });
  const timer = setInterval(() => {
    const time = elapsed();
    for (const [socket, seen] of open) {
      const { bytesWritten, writableLength } = socket;
      const mark = writableLength === 0 ? "" : `${bytesWritten} ${writableLength}`;
      if (mark === "" || mark !== seen.mark) open.set(socket, { mark, since: time });
      else if (time - seen.since > limits.stallMilliseconds + writableLength / SLOWEST * 1000) {
        socket.destroy();
      }
    }
  }, Math.min(1000, limits.stallMilliseconds));
  server.on("close", () => clearInterval(timer));
}

/** Sends the last words of a connection, and closes it whether or not the client does. */
export function endConnection(socket: Socket, words: string): void {
  const timer = setTimeout(() => socket.destroy(), GRACE_MS);
  socket.on("close", () => clearTimeout(timer));
  socket.end(words);
}
