/**
 * An engine without I/O for HTTP/1.1 connections that can switch protocols.
 *
 * It serves both roles, client and server, and supports the `Upgrade` mechanism. This entry point lacks the
 * protocol-specific features; its module is a third smaller than that of `switchover`.
 *
 * `websocket` and `h2c` are offered and accepted here without their own rules. The protocol-specific methods of a
 * `Connection` throw an `Error`; the classes for such protocols are only in `switchover`.
 */

export { Connection, Selection } from "./engine/connection.js";
export type { Config, LimitOptions } from "./engine/config.js";
export { ProtocolError } from "./engine/error.js";
export type {
  DataEvent,
  EndOfMessageEvent,
  Event,
  InformationalEvent,
  NeedDataStep,
  Offer,
  PausedStep,
  Request,
  RequestEvent,
  Response,
  ResponseEvent,
  Step,
  SwitchedEvent,
} from "./engine/event.js";
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
