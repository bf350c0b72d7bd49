/**
 * HTTP/1.1 connections that can become something else: an engine without I/O for both roles, with the `Upgrade` mechanism as
 * its speciality. Your code moves the bytes; `Connection` says what they mean and what to answer.
 *
 * This entry (`switchover/manual`) does not start the engine: call `initSync` first. The others do it when they are imported.
 */
export { checkHttp2, http1Fields } from "./bridge.js";
export { Capsules, Datagram } from "./capsules.js";
export * from "./core.js";
export { ProfileError } from "./error.js";
export { ipTarget, saysCapsules, udpTarget, type IpTarget, type UdpTarget } from "./masque.js";
export { mayForward } from "./protocol.js";
export { initSync } from "./raw.js";
export { Splice } from "./splice.js";
export { agreedDeflate, Deflate, websocketKey, type DeflateParameters } from "./websocket.js";
