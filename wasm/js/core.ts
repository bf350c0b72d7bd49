/**
 * HTTP/1.1 connections that can become something else, without what particular protocols ask for: an engine without I/O for
 * both roles, with the `Upgrade` mechanism as its speciality. Its module is a third smaller than that of `switchover`.
 *
 * Every protocol name is one like any other here: `websocket` and `h2c` are offered and accepted without their rules. What a
 * `Connection` says of particular protocols is an `Error`; the classes for them are in `switchover` alone.
 */

export { Connection, Selection } from "./connection.js";
export type { Config, LimitOptions } from "./config.js";
export { ProtocolError } from "./error.js";
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
} from "./event.js";
export { GoneError } from "./gone.js";
export type { Headers } from "./headers.js";
export type { Content } from "./inbound.js";
export type { DataParts, RequestHead } from "./outbound.js";
export type { HeaderSource } from "./parcel.js";
export { Prepared, type ResponseHead } from "./prepared.js";
export { sameProtocol } from "./protocol.js";
export type { State, TraceEntry } from "./state.js";
export * from "./tables.js";
export { errorText, ineligibleText, reasonPhrase, whyText } from "./text.js";
