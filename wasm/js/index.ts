/**
 * An engine without I/O for HTTP/1.1 connections that can switch protocols.
 *
 * For both roles, with the `Upgrade` mechanism as its speciality. Your code moves the bytes; `Connection` says what
 * they mean and what to answer.
 *
 * This entry (`switchover/manual`) does not start the engine: call `initSync` first. The others do it when they are imported.
 */

export { checkHttp2, http1Fields } from "./engine/bridge.js";
export { Capsules, Datagram } from "./engine/capsules.js";
export * from "./core.js";
export { ProfileError } from "./engine/error.js";
export { ipTarget, saysCapsules, udpTarget, type IpTarget, type UdpTarget } from "./engine/masque.js";
export { mayForward } from "./engine/protocol.js";
export { initSync } from "./engine/raw.js";
export { Splice } from "./engine/splice.js";
export { agreedDeflate, Deflate, websocketKey, type DeflateParameters } from "./engine/websocket.js";
