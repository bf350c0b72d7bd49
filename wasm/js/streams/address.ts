// Where a connection comes from, as each runtime says it.

import type { Socket } from "./sockets.js";

/**
 * The address of a client, as `Deno.serve` names it.
 *
 * If a proxy passes it on, it is the proxy's.
 */
export interface RemoteAddr {
  readonly transport: "tcp";
  /** An IP address. */
  readonly hostname: string;
  readonly port: number;
}

/** The addresses of sockets: those of Deno, of Node and Bun, of Workers. */
interface Saying {
  readonly remoteAddr?: { readonly transport?: string; readonly hostname?: string; readonly port?: number };
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly opened?: Promise<{ readonly remoteAddress?: string | null } | undefined>;
}

/** @internal `null` where the runtime does not say it, or has another transport than TCP. */
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
