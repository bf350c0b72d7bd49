/**
 * HTTP/1.1 over sockets with `{readable, writable}`.
 *
 * A client that offers other protocols, a server that may switch to them, and the new protocol as web streams. A client
 * calls `upgrade` or `request`, a server `serveConnection`.
 *
 * Sockets are those of Workers, the connections of Deno, `net.Socket` of Node and Bun, and any other pair of web streams.
 */

export { ClientResponse } from "./streams/response.js";
export { request, upgrade, type ClientOptions, type ClientRequest, type Declined, type UpgradeOptions } from "./streams/client.js";
export type { RemoteAddr } from "./streams/address.js";
export { ContentTooLargeError, type Body } from "./streams/content.js";
export { events } from "./streams/events.js";
export { decide, type Decision, type NodeRequest } from "./streams/node.js";
export { ServerRequest, type AcceptOptions } from "./streams/request.js";
export {
  serveConnection,
  type ServeResult,
  type Handler,
  type ServeInfo,
  type ServeOptions,
  type ServerResponse,
  type ServeHandle,
} from "./streams/server.js";
export { Switched, type DuplexMaker } from "./streams/switched.js";
export type { DenoSocket, NodeSocket, Pair, ReadableSide, Socket, StreamSocket, WritableSide } from "./streams/sockets.js";
export { DisconnectedError } from "./streams/errors.js";
export type { Options, Timeouts } from "./streams/options.js";
