/**
 * HTTP/1.1 connections that can become something else: an engine without I/O for both roles, with the `Upgrade` mechanism as
 * its speciality. Your code moves the bytes; `Connection` says what they mean and what to answer.
 *
 * This entry (`switchover/manual`) does not start the engine: call `initSync` first. The others do it when they are imported.
 */
export { checkHttp2, http1Fields } from "./bridge.js";
export { Capsules, Datagram } from "./capsules.js";
export { Connection, Selection } from "./connection.js";
export type { Config } from "./config.js";
export { ProfileError, ProtocolError } from "./error.js";
export type { DataEvent, EndOfMessageEvent, Event, InformationalEvent, NeedDataStep, Offer, PausedStep, Request, RequestEvent, Response, ResponseEvent, Step, SwitchedEvent, } from "./event.js";
export { GoneError } from "./gone.js";
export type { Headers } from "./headers.js";
export { ipTarget, saysCapsules, udpTarget, type IpTarget, type UdpTarget } from "./masque.js";
export type { Content } from "./inbound.js";
export type { DataParts, RequestHead } from "./outbound.js";
export type { HeaderSource } from "./parcel.js";
export { Prepared, type ResponseHead } from "./prepared.js";
export { mayForward, sameProtocol } from "./protocol.js";
export { initSync } from "./raw.js";
export { Splice } from "./splice.js";
export type { State, TraceEntry } from "./state.js";
export * from "./tables.js";
export { errorText, ineligibleText, reasonPhrase, whyText } from "./text.js";
export { agreedDeflate, Deflate, websocketKey, type DeflateParameters } from "./websocket.js";
