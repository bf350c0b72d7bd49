/**
 * An engine without I/O for HTTP/1.1 connections that can switch protocols.
 *
 * It serves both roles, client and server, and supports the `Upgrade` mechanism. Your code moves the bytes; a
 * `Connection` parses what was received and encodes what you send.
 *
 * This entry point (`switchover/manual`) does not start the engine: call `initSync` first. The other entry points start
 * it themselves.
 */

export { checkHttp2, endToEndFields, http1Fields } from "./engine/bridge.js";
export { Capsules, Datagram } from "./engine/capsules.js";
export * from "./core.js";
export { ProfileError } from "./engine/error.js";
export { ipTarget, saysCapsules, udpTarget, type IpTarget, type UdpTarget } from "./engine/masque.js";
export { mayForward } from "./engine/protocol.js";
export { initSync } from "./engine/raw.js";
export { Splice } from "./engine/splice.js";
export { agreedDeflate, Deflate, websocketKey, type DeflateParameters } from "./engine/websocket.js";
