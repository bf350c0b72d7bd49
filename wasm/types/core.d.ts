/**
 * An engine without I/O for HTTP/1.1 connections that can switch protocols.
 *
 * For both roles, with the `Upgrade` mechanism as its speciality, and without what particular protocols need. Its
 * module is a third smaller than that of `switchover`.
 *
 * Every protocol name is one like any other here: `websocket` and `h2c` are offered and accepted without their rules. What a
 * `Connection` says of particular protocols is an `Error`; the classes for them are in `switchover` alone.
 */
export { Connection, Selection } from "./engine/connection.js";
export type { Config, LimitOptions } from "./engine/config.js";
export { ProtocolError } from "./engine/error.js";
export type { DataEvent, EndOfMessageEvent, Event, InformationalEvent, NeedDataStep, Offer, PausedStep, Request, RequestEvent, Response, ResponseEvent, Step, SwitchedEvent, } from "./engine/event.js";
export { GoneError } from "./engine/gone-error.js";
export type { Headers } from "./engine/headers.js";
export type { Content } from "./engine/inbound.js";
export type { DataParts, RequestHead } from "./engine/outbound.js";
export type { HeaderSource } from "./engine/args.js";
export { Prepared, type ResponseHead } from "./engine/prepared.js";
export { sameProtocol } from "./engine/protocol.js";
export type { State, TraceEntry } from "./engine/state.js";
export * from "./generated/tables.js";
export { errorText, ineligibleText, reasonPhrase, whyText } from "./engine/text.js";
