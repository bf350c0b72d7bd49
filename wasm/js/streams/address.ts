// The remote address of a connection, read from the socket types of each runtime.

import type { Socket } from "./sockets.js";

/**
 * The address of a client, in the form that `Deno.serve` uses.
 *
 * For a connection from a proxy, it is the address of the proxy.
 */
export interface RemoteAddr {
  readonly transport: "tcp";
  /** The IP address of the client. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * The properties in which the sockets of each runtime give the remote address.
 *
 * The runtimes are Deno, Node, Bun and Workers.
 */
interface Saying {
  readonly remoteAddr?: { readonly transport?: string; readonly hostname?: string; readonly port?: number };
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly opened?: Promise<{ readonly remoteAddress?: string | null } | undefined>;
}

/**
 * @internal Returns the remote address of a socket.
 *
 * Returns `null` if the runtime does not provide it, or if the transport is not TCP.
 */
export async function remoteAddrOf(socket: Socket): Promise<RemoteAddr | null> {
  const { remoteAddr, remoteAddress, remotePort, opened } = socket as Saying;
  if (remoteAddr) return remoteAddr.transport === "tcp" ? tcp(remoteAddr.hostname, remoteAddr.port) : null;
  if (remoteAddress !== undefined) return tcp(remoteAddress, remotePort);
  const said = await Promise.resolve(opened).catch(() => undefined);
  const [, hostname, port] = /^\[?(.+?)\]?:(\d+)$/.exec(said?.remoteAddress ?? "") ?? [];
  return tcp(hostname, port === undefined ? port : Number(port));
}

function tcp(hostname: string | undefined, port: number | undefined): RemoteAddr | null {
  return hostname === undefined || port === undefined ? null : { transport: "tcp", hostname, port };
}
