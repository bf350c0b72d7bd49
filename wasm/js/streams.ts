/**
 * HTTP/1.1 clients and servers over sockets with `{readable, writable}`.
 *
 * A client can offer other protocols, and a server can switch to one of them. The new protocol is then read and written
 * as web streams. A client calls `upgrade` or `request`, a server `serveConnection`.
 *
 * A socket may be one of Workers, a connection of Deno, a `net.Socket` of Node and Bun, or any other pair of web
 * streams.
 */

export { ClientResponse } from "./streams/response.js";
export { request, upgrade, type ClientOptions, type ClientRequest, type Declined, type UpgradeOptions } from "./streams/client.js";
export type { RemoteAddr } from "./streams/address.js";
export { ContentTooLargeError, type Body } from "./streams/content.js";
export { events } from "./streams/events.js";
export { decide, type Decision, type NodeRequest } from "./streams/node.js";
export { ServerRequest, type AcceptOptions } from "./streams/request.js";
export { serveConnection } from "./streams/server.js";
export type { Handler, ServeHandle, ServeInfo, ServeOptions, ServeResult, ServerResponse } from "./streams/handler.js";
export { Switched, type DuplexMaker } from "./streams/switched.js";
export type { DenoSocket, NodeSocket, Pair, ReadableSide, Socket, StreamSocket, WritableSide } from "./streams/sockets.js";
export { DisconnectedError } from "./streams/errors.js";
export { FastResponse } from "./streams/fast-response.js";
export { forward, type ForwardOptions } from "./streams/forward.js";
export { fetchHandler, type FetchContext, type FetchHandler } from "./streams/fetch.js";
export type { Options, Timeouts } from "./streams/options.js";
